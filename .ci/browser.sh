#!/bin/bash
# browser.sh: the pages of the example servers in a headless Chromium, driven by playwright-core (from npm).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for need in chromium npm; do
  command -v $need > /dev/null || { apt_update; as_root apt-get install -y -qq $need; }
done
tools=$work/browser
mkdir -p "$tools"
[ -d "$tools/node_modules/playwright-core" ] || npm install --silent --no-audit --no-fund --prefix "$tools" playwright-core

cd "$root"
cargo build --release --features full --example http_on_smol --example websocket_chat
servers=()
trap 'kill "${servers[@]}" 2> /dev/null || true' EXIT
# start NAME: starts that example and sets $url to where it listens.
start() {
  local log=$work/$1.log
  "${CARGO_TARGET_DIR:-target}/release/examples/$1" 127.0.0.1:0 > "$log" &
  servers+=($!)
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$log")
    [ -n "$url" ] && return
    sleep 0.1
  done
  echo "$1 does not listen" >&2
  return 1
}
start http_on_smol
http=$url
start websocket_chat
head -c 20000000 /dev/zero > "$tools/file"
NODE_PATH=$tools/node_modules timeout 120 node .ci/browser.js "$(command -v chromium)" "$http" "$url" "$tools/file"
kill -INT "${servers[@]}"
wait "${servers[@]}"
