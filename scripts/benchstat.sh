#!/usr/bin/env bash
# Compares the Go benchmarks of the working tree with those of a revision: benchstat.sh REVISION [PACKAGE...]
# The two take turns, so that whatever else the machine does falls on both. COUNT (6) and BENCHTIME (0.3s) may be set.
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:?usage: benchstat.sh REVISION [PACKAGE...]}
shift
git rev-parse -q --verify "$base^{commit}" >/dev/null || {
	echo "benchstat: error: $base is no revision" >&2
	exit 2
}
[ $# -gt 0 ] || set -- ./pkg/...

work=$(mktemp -d)
trap 'git worktree remove --force "$work/base" 2>/dev/null || true; rm -rf "$work"' EXIT
git worktree add -q --detach "$work/base" "$base"
for round in $(seq "${COUNT:-6}"); do
	echo "benchstat: round $round of ${COUNT:-6}" >&2
	# A package that one side does not have yet is no reason to stop.
	(cd "$work/base" && go test -run '^$' -bench . -benchtime "${BENCHTIME:-0.3s}" -benchmem "$@") >>"$work/base.txt" || true
	go test -run '^$' -bench . -benchtime "${BENCHTIME:-0.3s}" -benchmem "$@" >>"$work/tree.txt"
done
go tool -modfile=scripts/tools/go.mod benchstat "$base=$work/base.txt" "tree=$work/tree.txt"
