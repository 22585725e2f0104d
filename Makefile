# Every job of the repository. `make` alone lists them. The first run of any of them installs the
# tools it needs (scripts/tools.sh says what); all of them may be run again at any time.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help tools build server demo test lint test-rust test-wasm test-js test-python bench fmt clean

# step TITLE COMMAND: runs the command with the repository's tools on PATH and says how long it took.
step := scripts/step.sh

help: ## list these jobs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: build server ## run two tasks, then twenty, in a real Chromium, and time them
	@$(step) "demo" node examples/demo/demo.mjs

build: tools ## the npm package, into pkg/
	@$(step) "npm package" node scripts/build.mjs

server: tools ## the local server, into target/release/
	@$(step) "local server" cargo build --release --locked --package taskwright-server

test: lint test-rust test-wasm test-js ## everything: formats, lints, Rust, boundary, types, JavaScript, sizes
	@echo; echo "make test: all green"

lint: build ## formats, clippy (no warnings), biome, TypeScript
	@$(step) "rustfmt" cargo fmt --all --check
	@$(step) "biome" biome check --error-on-warnings .
	@$(step) "clippy, native" cargo clippy --release --locked --all-targets -- -D warnings
	@$(step) "clippy, wasm32" cargo clippy --locked --package taskwright --package taskwright-seal --target wasm32-unknown-unknown --all-targets --all-features -- -D warnings
	@$(step) "types, TypeScript 7" tsc --project js-tests/types
	@$(step) "types, TypeScript 7, no DOM" tsc --project js-tests/types/tsconfig.node.json
	@$(step) "types, TypeScript 5" node js-tests/node_modules/typescript-5/bin/tsc --project js-tests/types

# One package after the other: tested together, the server's crates would be built once more than it needs.
test-rust: tools ## core, seal and server (in release, so that the server's crates are compiled once)
	@$(step) "cargo test, core" cargo test --release --locked --package taskwright-core
	@$(step) "cargo test, seal" cargo test --release --locked --package taskwright-seal
	@$(step) "cargo test, server" cargo test --release --locked --package taskwright-server

test-wasm: tools ## the boundary between Rust and JavaScript, in headless Chromium
	@$(step) "wasm-pack test" scripts/test-wasm.sh

test-js: build server ## unit, packaging and browser suites on the built package
	@$(step) "unit" scripts/test-js.sh unit
	@$(step) "packaging" scripts/test-js.sh packaging
	@$(step) "examples" scripts/test-js.sh examples
	@$(step) "browser" scripts/test-js.sh browser

# Not a part of `make test`: it needs Python and PyPI.
test-python: server ## the official Python clients against the server
	@$(step) "python" scripts/test-python.sh

bench: build server ## side-by-side measurements, see bench/README.md
	@$(step) "bench" node bench/run.mjs

fmt: tools ## rewrite formats in place
	@$(step) "rustfmt" cargo fmt --all
	@$(step) "biome" biome check --write .

tools: ## find or install what the other jobs need
	@scripts/tools.sh

clean: ## remove what was built, and the tools
	rm -rf pkg target node_modules js-tests/node_modules .tools
