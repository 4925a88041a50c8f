#!/usr/bin/env bash
# Makes dist/btools-VERSION-linux-ARCH.tar.gz for machines without Go, from what is committed: programs that need no
# library, manual pages, completions, systemd units, the licences of what is in them, and SHA256SUMS of it all.
# A commit gives the same bytes each time, in whatever folder, with the same versions of Go, the C compiler and library.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

fail() {
  echo "dist: error: $1" >&2
  echo "dist: hint: $2" >&2
  exit 1
}

[ "$(go env GOOS)" = linux ] || fail "the archive is for Linux" "make install installs on this machine"
commit=$(git rev-parse --verify HEAD 2>/dev/null) || fail "this is no git checkout with a commit" "clone the repository"
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed" "commit or stash them; see: git status"

# It is built in a clone, since the go command knows no version in a linked worktree; always in the same folder, so that
# SQLite is not compiled anew each time.
work=$root/.build/dist
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
git clone -q --no-checkout "$root" "$work/btools"
cd "$work/btools"
git checkout -q --detach "$commit"
git fetch -q --tags "$root"

# Where it is built must not be in what is built: -trimpath keeps it out of the code, and without build IDs the flags of
# the C compiler, which have it, leave no trace either. Names and users are looked up without the C library, which could
# not be linked statically; SQLite loads no extensions.
env=$(sh scripts/goenv.sh)
eval "$env"
export GOFLAGS="${GOFLAGS/-tags=/-tags=netgo,osusergo,timetzdata,sqlite_omit_load_extension,}"
mkdir bin
go build -trimpath -buildvcs=true -o bin/ \
  -ldflags '-s -w -buildid= -linkmode external -extldflags "-static -Wl,--build-id=none"' ./cmd/...

version=$(bin/basof -version | sed -n '1s/^basof v\([^ ]*\).*/\1/p')
[ -n "$version" ] || fail "basof does not say its version" "build with the go command's own git support"
name=btools-$version-linux-$(go env GOARCH)
programs=$(cd bin && echo *)
for program in $programs; do
  ! ldd "bin/$program" >/dev/null 2>&1 || fail "$program needs libraries" "install those for static linking, such as libc6-dev"
done

tree=$work/$name
# shellcheck disable=SC2086 # names of programs have no spaces
bash scripts/install.sh bin "$tree" $programs >/dev/null
doc=$tree/share/doc/btools
install -d "$doc"
install -m 644 README.md CHANGELOG.md LICENSE "$doc"

# licences FOLDER NAME installs the licences in the folder of what is called so.
licences() {
  local files
  files=$(cd "$1" && find . -maxdepth 2 -type f \
    -iregex '\./\(licenses/\|\(un\)?licen[sc]e\|copying\|notice\|patents\)[^/]*')
  if [ -z "$files" ] && [ "$2" = github.com/asg017/sqlite-vec-go-bindings ]; then # whose releases have none
    install -d "$doc/licenses/$2"
    echo "sqlite-vec is under the MIT or the Apache 2.0 licence, as you like: https://github.com/asg017/sqlite-vec" \
      >"$doc/licenses/$2/NOTICE"
    return
  fi
  [ -n "$files" ] || fail "$2 has no licence in $1" "look whether it may be passed on, and under what name the licence stands"
  install -d "$doc/licenses/$2"
  (cd "$1" && echo "$files" | xargs -d '\n' install -m 644 -D -t "$doc/licenses/$2")
}
licences "$(go env GOROOT)" go
modules=$(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Dir}} {{.Path}}{{end}}{{end}}' ./cmd/... | LC_ALL=C sort -u)
while read -r folder module; do
  licences "$folder" "$module"
done <<<"$modules"

# The C library is in the programs too; where Debian's packages put it, its licence is found.
install -d "$doc/licenses/glibc"
if [ -f /usr/share/doc/libc6-dev/copyright ]; then
  install -m 644 /usr/share/doc/libc6-dev/copyright "$doc/licenses/glibc"
else
  echo "The GNU C Library is under the LGPL 2.1 or later: https://www.gnu.org/software/libc/" >"$doc/licenses/glibc/NOTICE"
fi

(cd "$tree" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum) >"$work/SHA256SUMS"
install -m 644 "$work/SHA256SUMS" "$doc"

mkdir -p "$root/dist"
tar --create --format=gnu --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner \
  --mode=u=rwX,go=rX --directory "$work" "$name" | gzip -n -9 >"$work/$name.tar.gz"
mv "$work/$name.tar.gz" "$root/dist/"
(cd "$root/dist" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "made dist/$name.tar.gz"
