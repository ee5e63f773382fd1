#!/bin/bash
# msan.sh DIR [cargo test arguments]: the tests of the crate in DIR under MemorySanitizer.
# The standard library is built along with them, or every byte that it wrote would count as uninitialised. Its source, a compiler
# that takes the flags and the sanitizer's runtime are Debian's. Documentation tests are not for this: name the targets to run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$1
shift

rust=$work/rust-msan
apt_update
debian_rust "$rust" "$(debian_rust_version '')" rust-web-src libclang-rt-LLVM-dev llvm-LLVM
use_debian_rust "$rust"
runtime=$(find "$rust" -name libclang_rt.msan-x86_64.a)
MSAN_SYMBOLIZER_PATH=$(find "$rust" -path '*/bin/llvm-symbolizer')

# The runtime goes first and whole, so that its malloc, read and write are the ones that everything else is linked to.
# rustix makes system calls without the C library, which the sanitizer would not see: it is told not to.
# shellcheck disable=SC2054
flags=(
  -Zsanitizer=memory -Zexternal-clangrt
  -Zpre-link-arg=-Wl,--whole-archive "-Zpre-link-arg=$runtime" -Zpre-link-arg=-Wl,--no-whole-archive
  -Clink-arg=-Wl,--export-dynamic -Clink-arg=-lm -Clink-arg=-lpthread
  --cfg=rustix_use_libc
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
unset RUSTFLAGS
# Without backtraces: the code that prints them reads what the sanitizer never saw written.
export MSAN_SYMBOLIZER_PATH CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP=1 RUST_BACKTRACE=0 CARGO_TARGET_DIR=$work/msan
export PROPTEST_CASES=${PROPTEST_CASES:-64}

cd "$dir"
cargo test -Zbuild-std --target "$target" "$@"
