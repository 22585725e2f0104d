#!/usr/bin/env bash
# Installs the official Python SDKs that js-tests/python runs, each release (js-tests/python/sdks.txt) in a virtual
# environment of its own, .tools/python/PACKAGE-RELEASE. Called by `scripts/test-js.sh python`. What is already right
# is left alone.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

pins=js-tests/python/constraints.txt
mapfile -t sdks <js-tests/python/sdks.txt

say() { printf 'python: %s\n' "$*"; }
fail() { printf 'python: %s\n' "$*" >&2; exit 1; }
can_make_environments() { python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

if ! command -v python3 >/dev/null || ! can_make_environments; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing python3 and python3-venv from the system's packages"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
  fi
  can_make_environments || fail "Python 3.10 or newer with its venv module is needed: install the packages python3 and python3-venv."
fi

# An environment belongs to the interpreter and to the place that it was made for.
wanted="$(cksum <"$pins") $(python3 --version) $PWD"
for sdk in "${sdks[@]}"; do
  read -r package release <<<"$sdk"
  folder=.tools/python/$package-$release
  [ "$(cat "$folder/.installed" 2>/dev/null || true)" = "$wanted" ] && continue
  say "installing $package $release and what it depends on into $folder"
  rm -rf "$folder"
  python3 -m venv "$folder"
  # The one dependency that is published as source only.
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --no-binary aliyun-log-python-sdk --constraint "$pins" "$package==$release"
  printf '%s' "$wanted" >"$folder/.installed"
done
say "ready: $(python3 --version)$(printf ', %s' "${sdks[@]}")"
