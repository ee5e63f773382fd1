#!/bin/bash
# rebuilt.sh SANITIZER RUNTIME DIR [cargo test arguments]: runs the tests of the crate in DIR under
# MemorySanitizer or ThreadSanitizer.
#
# Both need an instrumented standard library, which is built with the tests. Without it,
# MemorySanitizer reports bytes that std wrote, and ThreadSanitizer does not see std's locks. The
# source of std, the compiler and the sanitizer's runtime are Debian's. Doctests are not supported,
# so name the targets to run. $EXTRA_RUSTFLAGS can contain one more option of the compiler.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
sanitizer=$1 runtime=$2 dir=$3
shift 3

newest_rust
library=$(find "$newest" -name "libclang_rt.$runtime-x86_64.a")
symbolizer=$(find "$newest" -path '*/bin/llvm-symbolizer')

# The whole runtime is linked first, so that its malloc, read and write are used everywhere. rustix
# must use the C library, because the sanitizer does not see direct system calls.
# shellcheck disable=SC2054
flags=(
  "-Zsanitizer=$sanitizer" -Zexternal-clangrt
  -Zpre-link-arg=-Wl,--whole-archive "-Zpre-link-arg=$library" -Zpre-link-arg=-Wl,--no-whole-archive
  -Clink-arg=-Wl,--export-dynamic -Clink-arg=-lm -Clink-arg=-lpthread
  --cfg=rustix_use_libc
)
if [ -n "${EXTRA_RUSTFLAGS:-}" ]; then flags+=("${EXTRA_RUSTFLAGS/ /=}"); fi
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
unset RUSTFLAGS
# The code that prints a backtrace reads memory that MemorySanitizer reports as uninitialized.
export CARGO_ENCODED_RUSTFLAGS RUST_BACKTRACE=0 CARGO_TARGET_DIR=$work/$runtime
# Without optimization the tests take 15 minutes under MemorySanitizer, with it half a minute.
# Debug assertions stay enabled.
export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=line-tables-only
export MSAN_SYMBOLIZER_PATH=$symbolizer TSAN_OPTIONS="external_symbolizer_path=$symbolizer suppressions=$root/.ci/tsan.suppressions ${TSAN_OPTIONS:-}"

cd "$dir"
cargo test -Zbuild-std --target "$target" "$@"
