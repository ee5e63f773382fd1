#!/bin/bash
# load.sh SECONDS: the example server http_on_smol under wrk (HTTP/1) and h2load (HTTP/2), on loopback; fails at the first error that
# either of them counts, and when the server does not end in an orderly way.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=$1

if ! command -v wrk > /dev/null || ! command -v h2load > /dev/null; then
  apt_update
  as_root apt-get install -y -qq wrk nghttp2-client
fi
cd "$root"
cargo build --release --features full --example http_on_smol
log=$work/http_on_smol.log
"${CARGO_TARGET_DIR:-target}/release/examples/http_on_smol" 127.0.0.1:0 > "$log" &
server=$!
trap 'kill $server 2> /dev/null || true' EXIT
url=
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$log")
  [ -n "$url" ] && break
  sleep 0.1
done
[ -n "$url" ] || { echo "the server does not listen" >&2; exit 1; }

wrk -t1 -c100 -d"${seconds}s" "$url/" | tee "$work/wrk.log"
grep -q 'requests in' "$work/wrk.log"
! grep -E 'Socket errors|Non-2xx' "$work/wrk.log"
h2load -D "$seconds" -c 50 -m 10 "$url/" | tee "$work/h2load.log"
grep -qE '^requests: [1-9].* 0 failed, 0 errored, 0 timeout' "$work/h2load.log"

kill -INT "$server"
wait "$server"
tail -n 1 "$log"
