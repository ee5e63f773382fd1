#!/bin/bash
# asan.sh DIR [cargo test arguments]: runs the tests of the crate in DIR under AddressSanitizer,
# including leak detection. Needs a nightly toolchain.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$1
shift
export RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$work/asan

cd "$dir"
cargo +nightly test --target "$target" "$@"
