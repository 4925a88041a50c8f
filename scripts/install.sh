#!/usr/bin/env bash
# install.sh BIN PREFIX PROGRAM… installs the programs from the folder BIN below PREFIX, with their manual pages, their
# shell completions and the units for systemd.
set -euo pipefail

cd "$(dirname "$0")/.."
bin=$1
prefix=$2
shift 2
man_dir=$prefix/share/man
bash_dir=$prefix/share/bash-completion/completions
zsh_dir=$prefix/share/zsh/site-functions
fish_dir=$prefix/share/fish/vendor_completions.d
unit_dir=$prefix/lib/systemd/system
install -d "$prefix/bin" "$man_dir/man1" "$man_dir/man7" "$bash_dir" "$zsh_dir" "$fish_dir" "$unit_dir"

# What a program writes of itself is written elsewhere first, so that one that fails leaves no half a file behind.
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
for program in "$@"; do
  install -m 755 "$bin/$program" "$prefix/bin/$program"
  "$bin/$program" -man >"$staging/man"
  "$bin/$program" -completion bash >"$staging/bash"
  "$bin/$program" -completion zsh >"$staging/zsh"
  "$bin/$program" -completion fish >"$staging/fish"
  install -m 644 "$staging/man" "$man_dir/man1/$program.1"
  install -m 644 "$staging/bash" "$bash_dir/$program"
  install -m 644 "$staging/zsh" "$zsh_dir/_$program"
  install -m 644 "$staging/fish" "$fish_dir/$program.fish"
done
install -m 644 scripts/man/*.7 "$man_dir/man7"
install -m 644 scripts/systemd/* "$unit_dir"
echo "installed $* in $prefix/bin"
