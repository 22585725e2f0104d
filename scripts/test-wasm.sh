#!/usr/bin/env bash
# The boundary tests (tests/*.rs of the root package) in headless Chromium; webdriver.json holds its flags.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

chromedriver=$(command -v chromedriver)
wasm-pack test --headless --chrome --chromedriver "$chromedriver" --mode no-install . \
  --locked --package taskwright --features probe
