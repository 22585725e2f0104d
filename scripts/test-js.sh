#!/usr/bin/env bash
# One suite of js-tests with Node's own test runner: test-js.sh unit|packaging|examples|browser|python
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

mapfile -t files < <(find "js-tests/$1" -name '*.test.mjs' | sort)
[ "${#files[@]}" -gt 0 ] || { echo "js-tests/$1 holds no *.test.mjs" >&2; exit 1; }
if [ "$1" = python ]; then scripts/python.sh; fi
# The unit suite waits more than it works, so its files run side by side; the others start browsers and installs.
together=1
[ "$1" = unit ] && together=4
exec node --test --test-reporter=spec --test-timeout=300000 --test-concurrency="$together" "${files[@]}"
