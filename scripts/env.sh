# shellcheck shell=bash
# Sourced, not run: enters the repository and puts its tools on PATH, wherever the caller stands.
# A shell with an empty HOME or a short PATH (a CI job, cron) still finds a Rust that rustup installed.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

user_home=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6) || user_home=
for cargo_home in "${CARGO_HOME:-}" "${HOME:-}/.cargo" "$user_home/.cargo"; do
  command -v cargo >/dev/null && break
  if [ -x "$cargo_home/bin/cargo" ]; then PATH="$cargo_home/bin:$PATH"; fi
done
if [ -z "${RUSTUP_HOME:-}" ] && [ ! -d "${HOME:-}/.rustup" ] && [ -d "$user_home/.rustup" ]; then
  export RUSTUP_HOME="$user_home/.rustup"
fi

export PATH="$PWD/.tools/bin:$PWD/js-tests/node_modules/.bin:$PATH"
