#!/usr/bin/env bash
# The boundary tests (tests/*.rs of the root package) in headless Chromium; webdriver.json holds its flags.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# wasm-pack hands its runner to cargo in a variable that cargo splits at spaces, so the runner is called by a
# path that has none.
links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT
ln -s "$PWD"/.tools/bin/* "$links"
export PATH="$links:$PATH"

wasm-pack test --headless --chrome --chromedriver "$(command -v chromedriver)" --mode no-install . \
  --locked --package taskwright --features probe --test '*'
