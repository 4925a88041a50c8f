#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME: so many inputs (such as 10000x), or so long (such as 5m). Without
# it, a target gets as many inputs as it takes in some seconds.
#
# A number of inputs is the default since Go up to 1.26 may report the end of a time as a failure, "context deadline
# exceeded" (golang/go#75804).
set -eu

# go test -list prints the targets of a package, then a line "ok <package> <time>"; a failure to build is on stderr.
list=$(go test -list '^Fuzz' ./...)
targets=$(printf '%s\n' "$list" | awk '
	/^Fuzz/ { names[++n] = $1 }
	/^ok /  { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }
')
if [ -z "$targets" ]; then
	echo "no fuzz targets"
	exit 0
fi
inputs() { # inputs NAME
	case $1 in
	FuzzMutated) echo 200x ;; # each is a knowledge base that is asked, checked and recovered
	FuzzSearch) echo 2000x ;; # each is searched for in every way
	*) echo 10000x ;;
	esac
}

printf '%s\n' "$targets" | while read -r package name; do
	echo "fuzz $name in $package"
	# What is found is made smaller in a thousand steps at most, which otherwise eats the whole time.
	go test -vet=off -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-$(inputs "$name")}" -fuzzminimizetime 1000x "$package" </dev/null
done
