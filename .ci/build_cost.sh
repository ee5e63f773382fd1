#!/bin/bash
# build_cost.sh: prints a Markdown table of the build cost of this crate and of other adapters. Each
# row is a program that reads and writes through one adapter. The columns are the number of crates,
# the CPU seconds of a clean release build (all cores, best of three), and the bytes of code.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$work/build-cost
rm -rf "$dir"
mkdir -p "$dir"

# row NAME DEPENDENCY BODY: measures a separate program with BODY as its source.
row() {
  local name=$1 dependency=$2 body=$3 project=$dir/project crates seconds='' used code
  rm -rf "$project"
  mkdir -p "$project/src"
  printf '[package]\nname = "cost"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%b\n[workspace]\n' "$dependency" > "$project/Cargo.toml"
  printf '%s\n' "$body" > "$project/src/main.rs"
  [ ! -e "$root/Cargo.lock" ] || cp "$root/Cargo.lock" "$project/"
  cd "$project"
  crates=$(cargo tree --edges normal,build --prefix none --format '{p}' | awk '{ print $1 }' | sort -u | grep -vc '^cost$')
  cargo fetch -q
  for _ in 1 2 3; do
    rm -rf target
    used=$( { TIMEFORMAT='%U %S'; time cargo build -q --release; } 2>&1 | awk '{ print $1 + $2 }')
    seconds=$(printf '%s\n%s\n' "$seconds" "$used" | grep . | sort -n | sed -n 1p)
  done
  code=$(size -A target/release/cost | awk '$1 == ".text" { print $2 }')
  printf '| %s | %s | %s | %s |\n' "$name" "$crates" "$seconds" "$code"
}

poll='fn poll<R: AsyncRead + AsyncWrite + Unpin>(mut io: R) {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut slice = [0u8; 64];
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_read(&mut cx, &mut slice));
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_write(&mut cx, &slice));
    let bufs = [std::io::IoSlice::new(b"a"), std::io::IoSlice::new(b"b")];
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_write_vectored(&mut cx, &bufs));
}'
hyper='fn poll<R: hyper::rt::Read + hyper::rt::Write + Unpin>(mut io: R) {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut slice = [0u8; 64];
    let mut buf = hyper::rt::ReadBuf::new(&mut slice);
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_read(&mut cx, buf.unfilled()));
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_write(&mut cx, b"data"));
    let bufs = [std::io::IoSlice::new(b"a"), std::io::IoSlice::new(b"b")];
    let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_write_vectored(&mut cx, &bufs));
}'
own='struct Io;
impl futures_io::AsyncRead for Io {
    fn poll_read(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context, slice: &mut [u8]) -> std::task::Poll<std::io::Result<usize>> {
        slice.fill(1);
        std::task::Poll::Ready(Ok(slice.len()))
    }
}
impl futures_io::AsyncWrite for Io {
    fn poll_write(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context, data: &[u8]) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Ready(Ok(data.len()))
    }
    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
    fn poll_close(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}'
duplex='tokio::io::duplex(64).0'
tokio='tokio = { version = "1", default-features = false, features = ["io-util"] }'
futures='futures-io = "0.3"'
rt='hyper = { version = "1", default-features = false }'

echo '| a program that reads and writes through | crates | CPU seconds | bytes of code |'
echo '|---|---|---|---|'
row 'no adapter: tokio for tokio' "$tokio" "use tokio::io::*; fn main() { let mut io = $duplex; let mut cx = std::task::Context::from_waker(std::task::Waker::noop()); let mut memory = [0u8; 64]; let mut buf = ReadBuf::new(&mut memory); let _ = std::hint::black_box(std::pin::Pin::new(&mut io).poll_read(&mut cx, &mut buf)); }"
row 'io-shim, tokio for futures-io' "$tokio\n$futures\nio-shim = { path = \"$root\" }" \
  "use futures_io::*; $poll fn main() { poll(io_shim::Shim::from_tokio($duplex)) }"
row 'tokio-util, the same' "$tokio\n$futures\ntokio-util = { version = \"0.7\", features = [\"compat\"] }" \
  "use futures_io::*; $poll fn main() { poll(tokio_util::compat::TokioAsyncReadCompatExt::compat($duplex)) }"
row 'async-compat, the same' "$tokio\n$futures\nasync-compat = \"0.2\"" \
  "use futures_io::*; $poll fn main() { poll(async_compat::Compat::new($duplex)) }"
row 'io-shim, tokio for hyper' "$tokio\n$rt\nio-shim = { path = \"$root\", default-features = false, features = [\"tokio\", \"hyper\"] }" \
  "$hyper fn main() { poll(io_shim::Shim::from_tokio($duplex)) }"
row 'hyper-util, the same' "$tokio\n$rt\nhyper-util = { version = \"0.1\", features = [\"tokio\"] }" \
  "$hyper fn main() { poll(hyper_util::rt::TokioIo::new($duplex)) }"
row 'io-shim, futures-io for hyper' "$futures\n$rt\nio-shim = { path = \"$root\", default-features = false, features = [\"futures\", \"hyper\"] }" \
  "$hyper $own fn main() { poll(io_shim::Shim::from_futures(Io)) }"
row 'smol-hyper, the same' "$futures\n$rt\nsmol-hyper = \"0.1\"" \
  "$hyper $own fn main() { poll(smol_hyper::rt::FuturesIo::new(Io)) }"
