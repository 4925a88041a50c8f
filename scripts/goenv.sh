#!/bin/sh
# Prints the settings with which the go command builds this repository, as export lines for a shell to eval; `make`
# uses them for its own targets, and `make env` gives them to plain `go test` and to editors.
#
# The sqlite-vec binding includes sqlite3.h, which go-sqlite3 ships as sqlite3-binding.h. So that no SQLite needs to
# be installed, a header of one line leads from the one name to the other. Its folder is named by the version of
# go-sqlite3, since the go command sees a change of compiler flags, but not one of a header outside the module.
set -eu

cd "$(dirname "$0")/.."
root=$(pwd)
module=github.com/mattn/go-sqlite3

fail() {
	echo "goenv: error: $1" >&2
	exit 1
}

# Says why go could not list a module: mostly, it is too old for go.mod.
unlisted() {
	wanted=$(sed -n 's/^go //p' go.mod)
	found=$(GOTOOLCHAIN=local go version 2>/dev/null) || fail "Go $wanted or later is needed, and go is not there or does not run"
	found=${found#go version go}
	found=${found%% *}
	oldest=$(printf '%s\n' "$wanted" "$found" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
	[ "$oldest" = "$wanted" ] || fail "Go $wanted or later is needed, and this is Go $found: see https://go.dev/dl"
	fail "go cannot tell which $module go.mod requires"
}

version=$(go list -m -f '{{.Version}}' "$module") || unlisted
dir=$(go list -m -f '{{.Dir}}' "$module")
if [ ! -f "$dir/sqlite3-binding.h" ]; then
	go mod download "$module" >&2 || fail "download of $module failed"
	dir=$(go list -m -f '{{.Dir}}' "$module")
fi
[ -f "$dir/sqlite3-binding.h" ] || fail "$module has no sqlite3-binding.h in $dir"

# Written again only when the module cache has moved.
include="$root/.build/go-sqlite3-$version"
line="#include \"$dir/sqlite3-binding.h\""
if [ "$(cat "$include/sqlite3.h" 2>/dev/null)" != "$line" ]; then
	mkdir -p "$include"
	printf '%s\n' "$line" >"$include/sqlite3.h.$$"
	mv "$include/sqlite3.h.$$" "$include/sqlite3.h"
fi

# SQLite need not count the memory that it takes, which costs a lock with each piece.
nostatus=-DSQLITE_DEFAULT_MEMSTATUS=0

# Settings of the user's are kept; those of an earlier eval are not added again.
cflags=$(go env CGO_CFLAGS)
case " $cflags " in
*" $nostatus "*) ;;
*) cflags="$cflags $nostatus" ;;
esac
case $include in
*\'*) flag="\"-I$include\"" ;;
*[[:space:]]*) flag="'-I$include'" ;; # quoted as go env quotes it
*) flag="-I$include" ;;
esac
case " $cflags " in
*" $flag "*) ;;
*) cflags="$flag $cflags" ;; # in front of a folder of an earlier version
esac

# The second tag leaves out of urfave/cli what writes manual pages in its own way, and with it a Markdown parser that
# would be set up at each start of a program.
goflags=$(go env GOFLAGS)
for tag in sqlite_fts5 urfave_cli_no_docs; do
	case ",$goflags," in
	*"$tag"*) ;;
	*-tags=*) goflags=$(printf '%s\n' "$goflags" | sed "s/-tags=\([^ ]*\)/-tags=\1,$tag/") ;;
	*) goflags="${goflags:+$goflags }-tags=$tag" ;;
	esac
done

export_line() {
	printf "export %s='%s'\n" "$1" "$(printf '%s\n' "$2" | sed "s/'/'\\\\''/g")"
}
export_line CGO_ENABLED 1
export_line CGO_CFLAGS "$cflags"
export_line GOFLAGS "$goflags"
