package scan

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/ignore"
	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// The ignore files of a folder. The second wins over the first.
const (
	gitIgnore = ".gitignore"
	ownIgnore = ".bscanignore"
)

// ignoreLevel is what the ignore files of one folder say, and those of the
// folders above it.
//
// As in git, the deepest folder that has a say decides, the ignore files of a
// repository do not reach into a repository inside it, and its info/exclude
// comes after all its .gitignore files. What the configuration of the user
// names (core.excludesFile) is left out on purpose: a tree must not lose
// documents because another account scans it.
type ignoreLevel struct {
	parent  *ignoreLevel
	above   string // of a folder above the root: the way from it to the root, with a slash
	base    int    // of any other: where names in it begin in a path below the root
	own     ignore.List
	git     ignore.List
	repo    bool
	exclude ignore.List
}

// with adds the ignore files of a folder at a path below the root.
func (l *ignoreLevel) with(in *listing, rel string) *ignoreLevel {
	if !in.repo && in.own.Empty() && in.git.Empty() {
		return l
	}
	level := &ignoreLevel{parent: l, own: in.own, git: in.git, repo: in.repo, exclude: in.exclude}
	if rel != "" {
		level.base = len(rel) + len("/")
	}
	return level
}

// ignored judges a path below the root.
func (l *ignoreLevel) ignored(rel string, folder bool) bool {
	for sameRepo := true; l != nil; l = l.parent {
		path := l.above + rel[l.base:]
		verdict := l.own.Match(path, folder)
		if verdict == ignore.Unknown && sameRepo {
			verdict = l.git.Match(path, folder)
		}
		if verdict == ignore.Unknown && sameRepo {
			verdict = l.exclude.Match(path, folder)
		}
		if verdict != ignore.Unknown {
			return verdict == ignore.Ignored
		}
		sameRepo = sameRepo && !l.repo
	}
	return false
}

// enclosingIgnores reads the ignore files of the repository that a root lies
// in, from its top down to the folder above the root. Whether they ignore the
// root itself is not asked: it was named.
func enclosingIgnores(root string) (*ignoreLevel, error) {
	real, err := realPath(root)
	if err != nil {
		return nil, err
	}
	var dirs []string // above the root, the top of the repository last
	for dir := real; !isRepo(dir); {
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, nil
		}
		dir = parent
		dirs = append(dirs, dir)
	}
	var level *ignoreLevel
	for _, dir := range slices.Backward(dirs) {
		var l listing
		if err := l.load(dir, true, true, dir == dirs[len(dirs)-1]); err != nil {
			return nil, err
		}
		way, _ := below(dir, real)
		level = &ignoreLevel{parent: level, above: way + "/", own: l.own, git: l.git, repo: l.repo, exclude: l.exclude}
	}
	return level, nil
}

// readIgnores reads the ignore files that are among the entries. One that
// cannot be read leaves open what may be listed, so the folder cannot be read.
func (l *listing) readIgnores(path string) error {
	has := func(name string) (entry, bool) {
		i, ok := slices.BinarySearchFunc(l.entries, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
		if !ok {
			return entry{}, false
		}
		return l.entries[i], true
	}
	own, hasOwn := has(ownIgnore)
	git, hasGit := has(gitIgnore)
	_, hasRepo := has(gitFolder)
	return l.load(path, hasOwn && own.kind == regular, hasGit && git.kind == regular, hasRepo && isRepo(path))
}

// load reads the ignore files of a folder, as far as they are wanted. One that
// is not a regular file is no ignore file, to git too.
func (l *listing) load(path string, own, git, repo bool) (err error) {
	if own {
		if l.own, err = parseIgnore(filepath.Join(path, ownIgnore)); err != nil {
			return err
		}
	}
	if git {
		if l.git, err = parseIgnore(filepath.Join(path, gitIgnore)); err != nil {
			return err
		}
	}
	if l.repo = repo; repo {
		l.exclude, err = parseIgnore(filepath.Join(commonGitFolder(path), "info", "exclude"))
	}
	return err
}

func parseIgnore(path string) (ignore.List, error) {
	content, err := readSmall(path)
	var fault *kb.Fault
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &fault) && fault.Code == kb.NotRegular {
		return ignore.List{}, nil
	}
	return ignore.Parse(content), err
}

// isRepo reports whether a folder is the top of a git work tree: its .git is a
// folder with a HEAD, or a file that points to one.
func isRepo(path string) bool {
	git := filepath.Join(path, gitFolder)
	st, err := rawfile.Stat(git, true)
	if err != nil {
		return false
	}
	if isFolder(&st) {
		_, err := rawfile.Stat(filepath.Join(git, "HEAD"), false)
		return err == nil
	}
	_, ok := gitFile(git)
	return ok
}

// gitFile reads a .git that is a file, as in linked work trees and submodules.
func gitFile(path string) (target string, ok bool) {
	content, err := readSmall(path)
	if err != nil {
		return "", false
	}
	target, ok = strings.CutPrefix(strings.TrimRight(string(content), "\r\n"), "gitdir: ")
	return relativeTo(filepath.Dir(path), target), ok
}

// commonGitFolder returns the folder of a repository that its work trees share.
func commonGitFolder(top string) string {
	git := filepath.Join(top, gitFolder)
	target, ok := gitFile(git)
	if !ok {
		return git
	}
	common, err := readSmall(filepath.Join(target, "commondir"))
	if err != nil {
		return target
	}
	return relativeTo(target, strings.TrimRight(string(common), "\r\n"))
}

func relativeTo(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// realPath returns the absolute path without symbolic links.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
