#!/usr/bin/env bash
# The vendors' official Python clients, unmodified, against the server; each version in an environment of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

run() { # VERSION SUITE
  local home=".tools/python/asteroid-odyssey-$1"
  if [ ! -e "$home/ready" ]; then
    python3 -m venv --clear "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check "asteroid-odyssey==$1"
    touch "$home/ready"
  fi
  echo "asteroid-odyssey $1"
  PYTHONDONTWRITEBYTECODE=1 "$home/bin/python" -W ignore::DeprecationWarning "py-tests/$2.py"
}

for version in 1.3.1 1.3.11 1.3.13; do run "$version" high_level; done
run 1.9.167 generated
