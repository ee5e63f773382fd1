#!/bin/bash
# browser.sh: tests the pages of the example servers in a headless Chromium, driven by
# playwright-core (from npm).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need chromium
need npm
tools=$work/browser
mkdir -p "$tools"
[ -d "$tools/node_modules/playwright-core" ] || npm install --silent --no-audit --no-fund --prefix "$tools" playwright-core

cd "$root"
cargo build --release --features full --example http_on_smol --example websocket_chat
servers=() server=
trap 'kill "${servers[@]}" $server 2> /dev/null || true' EXIT
start_example http_on_smol
http=$url servers+=("$server")
start_example websocket_chat
servers+=("$server")
head -c 20000000 /dev/zero > "$tools/file"
NODE_PATH=$tools/node_modules timeout 120 node .ci/browser.js "$(command -v chromium)" "$http" "$url" "$tools/file"
kill -INT "${servers[@]}"
wait "${servers[@]}"
