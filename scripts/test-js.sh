#!/usr/bin/env bash
# One suite of js-tests with Node's own test runner: test-js.sh unit|packaging|examples|browser
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

mapfile -t files < <(find "js-tests/$1" -name '*.test.mjs' | sort)
[ "${#files[@]}" -gt 0 ] || { echo "js-tests/$1 holds no *.test.mjs" >&2; exit 1; }
exec node --test --test-timeout=300000 "${files[@]}"
