#!/usr/bin/env bash
# Finds or installs everything that building and testing need, and says what it does:
#   the wasm32 target of Rust, wasm-pack and wasm-bindgen in .tools/, the npm tools in js-tests/,
#   Chromium and its driver from the system's packages. What is already right is left alone.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

wasm_pack_version=0.15.1
node_floor=20.19.0

say() { printf 'tools: %s\n' "$*"; }
fail() { printf 'tools: %s\n' "$*" >&2; exit 1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# --- what must be there -------------------------------------------------------------------------
command -v node >/dev/null || fail "Node.js $node_floor or newer is needed; install it from nodejs.org or your system's packages."
node_version=$(node -p process.versions.node)
at_least "$node_floor" "$node_version" || fail "Node.js $node_version is too old; $node_floor or newer is needed."
command -v npm >/dev/null || fail "npm is needed; it comes with Node.js."
command -v cargo >/dev/null || fail "Rust is needed; install it with rustup (rustup.rs)."
cargo --version >/dev/null || fail "cargo is on PATH but does not run; check rustup (and RUSTUP_HOME, if HOME is unusual)."

# --- Rust for WebAssembly -----------------------------------------------------------------------
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; then
  command -v rustup >/dev/null || fail "Rust lacks the target wasm32-unknown-unknown, and there is no rustup to add it."
  say "adding the Rust target wasm32-unknown-unknown"
  rustup target add wasm32-unknown-unknown
fi

# The command and the crate of wasm-bindgen must be of one version, so the lockfile decides.
wasm_bindgen_version=$(awk '$1 == "name" { name = $3 } $1 == "version" && name == "\"wasm-bindgen\"" { gsub(/"/, "", $3); print $3 }' Cargo.lock)
[ -n "$wasm_bindgen_version" ] || fail "Cargo.lock names no wasm-bindgen."

cargo_tool() { # crate, binary, version, further arguments for cargo install
  local crate=$1 binary=$2 version=$3
  shift 3
  case "$("$binary" --version 2>/dev/null || true)" in *" $version"*) return ;; esac
  say "installing $crate $version into .tools (a minute or two)"
  cargo install "$crate" --version "$version" --root .tools --force --quiet "$@"
}
cargo_tool wasm-pack wasm-pack "$wasm_pack_version" --locked
cargo_tool wasm-bindgen-cli wasm-bindgen "$wasm_bindgen_version" # its own lockfile does not build

# --- JavaScript tools ---------------------------------------------------------------------------
stamp=js-tests/node_modules/.installed
wanted="$(cksum <js-tests/package-lock.json) node $node_version"
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  say "installing the npm tools in js-tests"
  # Not `npm ci`: it refuses a lockfile made where some platform's optional binary could not be seen.
  (cd js-tests && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error)
  printf '%s' "$wanted" >"$stamp"
fi

# --- a browser ----------------------------------------------------------------------------------
chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! { [ -n "${CHROMIUM_PATH:-}" ] || chromium >/dev/null; } || ! command -v chromedriver >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing chromium and chromium-driver from the system's packages"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
  else
    fail "Chromium and chromedriver are needed: install the packages chromium and chromium-driver (or set CHROMIUM_PATH and put chromedriver on PATH)."
  fi
fi

say "ready: $(cargo --version | cut -d' ' -f1-2), node $node_version, wasm-pack $wasm_pack_version, wasm-bindgen $wasm_bindgen_version"
