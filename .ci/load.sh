#!/bin/bash
# load.sh SECONDS: runs wrk (HTTP/1) and h2load (HTTP/2) against the example http_on_smol on
# loopback. Fails if either counts an error, or if the server does not exit with status 0.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=$1

need wrk
need h2load nghttp2-client
cd "$root"
cargo build --release --features full --example http_on_smol
server=
trap 'kill $server 2> /dev/null || true' EXIT
start_example http_on_smol

wrk -t1 -c100 -d"${seconds}s" "$url/" | tee "$work/wrk.log"
grep -q 'requests in' "$work/wrk.log"
! grep -E 'Socket errors|Non-2xx' "$work/wrk.log"
h2load -D "$seconds" -c 50 -m 10 "$url/" | tee "$work/h2load.log"
grep -qE '^requests: [1-9].* 0 failed, 0 errored, 0 timeout' "$work/h2load.log"

kill -INT "$server"
wait "$server"
tail -n 1 "$log"
