# btools. The targets are explained by `make help`.

PREFIX   ?= /usr/local
DESTDIR  ?=
DOCS     ?=
FOLDER   ?=
FUZZTIME ?=
ROWS     ?=
SCALE    ?= 1
REPS     ?= 5
BASE     ?= HEAD
export DOCS FOLDER FUZZTIME ROWS SCALE REPS BASE

PROGRAMS = $(notdir $(wildcard cmd/*))

# Packages with goroutines of their own: these are also tested under the race detector.
RACE_PKGS = $(patsubst %,./%/...,$(wildcard pkg/scan pkg/embed pkg/ingest pkg/sysload pkg/sqlite pkg/tool))

# The tests that have a long form, which BTOOLS_TORTURE asks for.
TORTURE ?= Killed|FullDisk|FullFileSystem|Writers|EightWriters|Failures|Memory|ManyLargeFiles|Halving|Garbled|LongLines|Stranger|Damaged

# Recipes that build begin with this; scripts/goenv.sh says what it sets and why.
GOENV = env=$$(sh scripts/goenv.sh) && eval "$$env" &&

# Beside what staticcheck looks at by itself: doc comments of packages and exported names, names of receivers.
CHECKS = inherit,ST1000,ST1016,ST1020,ST1021,ST1022
STATICCHECK = go tool -modfile=scripts/tools/go.mod staticcheck -checks $(CHECKS)

.PHONY: build test torture lint fmt fuzz demo eval bench benchstat env install dist clean help

build: ## build the programs into bin/
	@mkdir -p bin
	$(GOENV) go build -trimpath -o bin/ ./cmd/...

test: ## run all tests, those of concurrent packages under the race detector too
	$(GOENV) go test ./...
	$(if $(RACE_PKGS),$(GOENV) go test -race $(RACE_PKGS))

torture: ## run the tests that break things in their long form, which takes an hour or so
	$(GOENV) BTOOLS_TORTURE=1 go test -count=1 -timeout 4h -v -run '$(TORTURE)' ./cmd/bingest ./pkg/sqlite ./pkg/ingest

lint: ## check formatting, vet, staticcheck and the directions of imports
	@files=$$(gofmt -l $(wildcard cmd pkg scripts)) && if [ -n "$$files" ]; then \
		echo "not formatted (make fmt does it):"; echo "$$files"; exit 1; fi
	$(GOENV) go vet ./...
	$(GOENV) $(STATICCHECK) ./...
	$(GOENV) go run ./scripts/importrules

fmt: ## format the Go sources
	gofmt -w $(wildcard cmd pkg scripts)

fuzz: ## run every fuzz target on some thousand inputs, or on FUZZTIME: a number such as 50000x, or a time such as 5m
	@$(GOENV) sh scripts/fuzz.sh

demo: build ## take in a documentation tree, change it, and ask what it said; DOCS=/your/folder takes in your own
	@bash scripts/demo.sh

eval: ## measure how well searches find the documents of FOLDER=/your/folder
	@$(GOENV) go run ./scripts/eval "$$FOLDER"

bench: build ## measure beside restic, git, find and sqlite-vec: ROWS=scan,first SCALE=0.1 REPS=5
	@$(GOENV) go run ./scripts/bench -bin bin -cache .build/bench -rows "$$ROWS" -scale "$$SCALE" -reps "$$REPS"

benchstat: ## compare the Go benchmarks of the working tree with those of BASE=revision
	@$(GOENV) bash scripts/benchstat.sh "$$BASE"

env: ## print the settings for plain go and editors: eval "$(make env)"
	@sh scripts/goenv.sh

install: build ## install programs, manual pages and completions under PREFIX (/usr/local), below DESTDIR
	@bash scripts/install.sh bin "$(DESTDIR)$(PREFIX)" $(PROGRAMS)

dist: ## make an archive in dist/ of what is committed, for machines without Go
	@bash scripts/dist.sh

clean: ## remove what was built
	rm -rf bin dist .build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-9s %s\n", $$1, $$2 }' Makefile
