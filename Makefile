# Kassa: what you can do here. `make` alone shows this list.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STATE := $(or $(KASSA_HOME),$(CURDIR)/.kassa)
BIN   := $(STATE)/bin
TOOL   = go tool -modfile=tools/go.mod
LINT   = go tool -modfile=tools/lint/go.mod

# Builds with a mistake, which the scenarios of kassa chaos must find.
MISTAKES = KASSA_BIN_DIR=$(BIN) go test -count=1 -timeout=20m ./cmd/kassa/chaos -run TestABrokenBuildIsCaught -broken 3

.PHONY: help build demo up test lint generate sbom verify golden record bench prove prove-all

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build every program into .kassa/bin
	@mkdir -p $(BIN)
	@echo "building Kassa (the first time takes some minutes)"
	@go build -o $(BIN)/ ./cmd/kassa ./workers/... ./sandbox/...

demo: build ## start the platform, run real checkouts, stay up (ARGS=--once: leave when done)
	@$(BIN)/kassa demo $(ARGS)

up: build ## start the platform and stay up until Ctrl-C
	@$(BIN)/kassa up $(ARGS)

test: build ## run every test, on real parts
	@$(BIN)/kassa tools
	@KASSA_TOOLS_DIR=$(STATE)/tools KASSA_BIN_DIR=$(BIN) ./.ci/test

lint: ## run every check that a machine can do
	@./.ci/lint

generate: ## write what is generated: queries, the API document, the client
	@./.ci/generate

sbom: build ## list what is built into the programs: dist/kassa.cdx.json (CycloneDX)
	@mkdir -p dist
	@cd tools/sbom && go run . $$(find $(abspath $(BIN)) -maxdepth 1 -type f | sort) >$(CURDIR)/dist/kassa.cdx.json
	@echo "dist/kassa.cdx.json"

verify: build ## check the running platform's invariants (ARGS=--strict)
	@$(BIN)/kassa verify $(ARGS)

golden: ## write the golden files anew; review the diff
	go test ./workflows ./api ./cmd/kassa -run 'Traces|Document' -update

record: build ## record the histories of every branch anew, on a real Temporal
	@./workflows/testdata/record.sh

bench: build ## measure everything on a platform of its own, some twenty minutes (ARGS="checkout --json FILE")
	@$(BIN)/kassa bench $(ARGS)

prove: build ## break a platform on purpose and check the books, about a quarter of an hour (ARGS="--seed N")
	@$(BIN)/kassa chaos model
	@$(MISTAKES)
	@$(BIN)/kassa chaos run $(ARGS)

prove-all: build ## the same with every fault and three seeds, about an hour
	@$(BIN)/kassa chaos model --schedules 1000000
	@$(MISTAKES)
	@$(BIN)/kassa chaos run all --seeds 3 --json $(STATE)/prove.json $(ARGS)
