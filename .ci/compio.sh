#!/bin/bash
# compio.sh: runs the tests of platforms/compio, and prints what the shim costs. Sends the server
# 1,000 requests on one connection and 1,000 on fifty.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need curl
cd "$root/platforms/compio"
export CARGO_TARGET_DIR=$work/compio
cargo test -- --nocapture | tee "$work/compio-test.log"
some_passed "$work/compio-test.log"
cargo build --release --bins --examples

server=
trap 'kill $server 2> /dev/null || true' EXIT
start_server compio "$CARGO_TARGET_DIR/release/io-shim-compio"
seq -f '/%g a body' 1000 > "$work/wanted"
answers() { diff -q "$work/wanted" <(sort -t/ -k2n "$work/answers") && echo "curl: $(wc -l < "$work/answers") right answers on $1"; }
curl -sSf -w '\n' -d 'a body' "$url/[1-1000]" > "$work/answers"
answers "one connection"
curl -sSf --no-progress-meter -Z --parallel-max 50 -w '\n' -d 'a body' "$url/[1-1000]" -o "$work/answer-#1" > /dev/null
for n in $(seq 1000); do cat "$work/answer-$n"; echo; done > "$work/answers"
rm "$work"/answer-*
answers "fifty connections"
"$CARGO_TARGET_DIR/release/examples/cost"
