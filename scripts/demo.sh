#!/usr/bin/env bash
# Takes a documentation tree in, changes it, takes it in again, and shows what the knowledge base answers as of each
# time. With DOCS=/your/folder it takes that folder in, which it only reads.
set -euo pipefail

cd "$(dirname "$0")/.."
repository=$PWD
export PATH="$repository/bin:$PATH"
# The demo shows the defaults, whatever the settings of whoever runs it.
unset "${!BATCH_@}" "${!TEMPORAL_@}"

say() { printf '\n# %s\n' "$*"; }

# show prints a command as one would type it, and runs it. Exit codes that are answers and no failures are listed
# before it, as in: show 3 4 -- 'command'.
show() {
  local accepted=" 0 " status=0
  while [ "$1" != -- ]; do
    accepted="$accepted$1 "
    shift
  done
  printf '$ %s\n' "$2"
  eval "$2" 2>&1 || status=$? # a transcript has the messages where they were said
  case $accepted in
  *" $status "*) [ "$status" -eq 0 ] || echo "(exit code $status)" ;;
  *)
    echo "demo: error: exit code $status" >&2
    exit 1
    ;;
  esac
}

# summary gives a filter for the totals of a report: jq where there is one.
summary() {
  if command -v jq >/dev/null; then
    echo "jq -c .processing_summary"
  else
    echo "grep -o '\"processing_summary\":{[^}]*}'"
  fi
}

# moment gives a time of whole seconds after everything so far and before everything that follows.
moment() {
  sleep 1
  date -u +%Y-%m-%dT%H:%M:%SZ
  sleep 1
}

demo_handbook() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp -R testdata/handbook "$work/docs"
  cd "$work"
  local t1 t2

  say "Take a documentation tree in: a handbook of $(find docs -type f | wc -l | tr -d ' ') files."
  show -- "bscan docs | bchunk -n 100 | bingest -db kb.sqlite | $(summary)"
  t1=$(moment)

  say "One page is edited, one deleted, one added. The same line takes the changes in."
  show -- "sed -i.bak 's/Three attempts are enough/Five attempts are enough/' docs/operations/retry.md"
  rm docs/operations/retry.md.bak
  show -- "rm docs/writing/review.txt"
  show -- "echo 'Ask the operator on duty.' >docs/faq.md"
  show -- "bscan docs | bchunk -n 100 | bingest -db kb.sqlite | $(summary)"
  t2=$(moment)

  say "What did a page say then, and what does it say now?"
  show -- "basof -at $t1 docs/operations/retry.md | grep attempts"
  show -- "basof docs/operations/retry.md | grep attempts"
  say "A deleted page is gone now, and still there then."
  show 4 -- "basof docs/writing/review.txt"
  show -- "basof -at $t1 docs/writing/review.txt | head -3"
  say "What existed, what changed, and when?"
  show -- "basof ls -at $t1 docs/writing"
  show -- "basof ls docs/writing"
  show -- "basof diff -from $t1 -to $t2"
  show -- "basof log docs/operations/retry.md"
  say "What does a search find now, and what would it have found then? Since when was it said?"
  show -- "basof search -k 1 'attempts for a lock'"
  show -- "basof -at $t1 search -k 1 'attempts for a lock'"
  show -- "basof when 'three attempts are enough'"
  say "What is in the knowledge base, and how did the last run go?"
  show -- "basof info"
  show -- "bingest report | $(summary)"
  say "Now with documents of your own: make demo DOCS=/your/folder"
}

demo_folder() {
  local folder name work
  folder=$(cd "$1" && pwd -P)
  name=$(basename "$folder")
  work=$(mktemp -d)
  export BATCH_DB="$work/kb.sqlite"
  cd "$(dirname "$folder")"

  say "Take $folder in. It is only read; the knowledge base is $BATCH_DB"
  # Files that cannot be read are in the report, and are no reason to stop.
  show 3 -- "bscan $(printf %q "./$name") | bchunk -n 100 | bingest | $(summary)"
  if ! basof ls >/dev/null 2>&1; then
    say "None of its files has the extension of a document; bscan --help lists them, and bscan -ext '*' takes every file."
    return
  fi
  say "What is there?"
  show -- "basof ls | head"
  say "The history of the first of them."
  local first
  first=$(basof ls | head -n 1)
  if [ -n "$first" ]; then
    show -- "basof log -- $(printf %q "$first")"
    say "A search for the words of its name; what is found is up to the documents."
    show 4 -- "basof search -k 2 -- $(printf %q "$(basename -- "${first%.*}")")"
  fi
  show -- "basof info"

  say "Go on from here: change something, then run"
  cat <<TEXT
export PATH=$(printf %q "$repository/bin"):\$PATH BATCH_DB=$(printf %q "$BATCH_DB")
cd $(printf %q "$PWD") && bscan $(printf %q "./$name") | bchunk | bingest
basof diff -from "10 minutes ago"
basof -at "10 minutes ago" $(printf %q "${first:-PATH}")
basof -at "10 minutes ago" search "words to look for"
TEXT
}

if [ -z "${DOCS:-}" ]; then
  demo_handbook
elif [ -d "$DOCS" ]; then
  demo_folder "$DOCS"
else
  echo "demo: error: DOCS=$DOCS is not a folder" >&2
  exit 2
fi
