#!/usr/bin/env bash
# Runs one step of the Makefile: step.sh TITLE COMMAND...
# The command runs in the repository with its tools on PATH; the title goes before, the seconds after.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

title=$1
shift
printf '\n\033[1m== %s\033[0m\n' "$title"
SECONDS=0
status=0
"$@" || status=$?
if [ "$status" = 0 ]; then
  printf '== %s: ok, %d s\n' "$title" "$SECONDS"
else
  printf '== %s: FAILED (exit %d) after %d s: %s\n' "$title" "$status" "$SECONDS" "$*" >&2
  exit "$status"
fi
