#!/bin/bash
# rebuilt.sh SANITIZER RUNTIME DIR [cargo test arguments]: the tests of the crate in DIR under one of the two sanitizers that must see
# the standard library as well: MemorySanitizer would count every byte that it wrote as uninitialised, ThreadSanitizer miss its locks.
# The library is built along with the tests. Its source, a compiler that takes the flags and the sanitizer's runtime are Debian's.
# Documentation tests are not for this: name the targets to run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
sanitizer=$1 runtime=$2 dir=$3
shift 3

newest_rust
library=$(find "$newest" -name "libclang_rt.$runtime-x86_64.a")
symbolizer=$(find "$newest" -path '*/bin/llvm-symbolizer')

# The runtime goes first and whole, so that its malloc, read and write are the ones that everything else is linked to.
# rustix makes system calls without the C library, which the sanitizer would not see: it is told not to.
# shellcheck disable=SC2054
flags=(
  "-Zsanitizer=$sanitizer" -Zexternal-clangrt
  -Zpre-link-arg=-Wl,--whole-archive "-Zpre-link-arg=$library" -Zpre-link-arg=-Wl,--no-whole-archive
  -Clink-arg=-Wl,--export-dynamic -Clink-arg=-lm -Clink-arg=-lpthread
  --cfg=rustix_use_libc
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
unset RUSTFLAGS
# Without backtraces: the code that prints them reads what the sanitizer never saw written.
export CARGO_ENCODED_RUSTFLAGS RUST_BACKTRACE=0 CARGO_TARGET_DIR=$work/$runtime
# Unoptimised, the tests take a quarter of an hour under MemorySanitizer, and half a minute so. Assertions stay.
export CARGO_PROFILE_DEV_OPT_LEVEL=1
export MSAN_SYMBOLIZER_PATH=$symbolizer TSAN_OPTIONS="external_symbolizer_path=$symbolizer suppressions=$root/.ci/tsan.suppressions ${TSAN_OPTIONS:-}"

cd "$dir"
cargo test -Zbuild-std --target "$target" "$@"
