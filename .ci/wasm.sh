#!/bin/bash
# wasm.sh: runs the tests that need neither threads nor a system, as WebAssembly modules in Node.
# Fails if a test is left out that docs/PLATFORMS.md does not list.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
log=$work/wasm.log
need python3
need node nodejs
cd "$root"
list_tests
features=$(wasm_features)
# Debian's compiler comes without a linker for WebAssembly.
linker=$(rustc --print sysroot)/lib/rustlib/$target/bin/rust-lld

copy_for wasm
newest_rust
cd "$work/wasm"
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_TARGET_DIR=$work/targets CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
# The tests catch panics. Node supports only the first form of WebAssembly's exceptions.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='-Cpanic=unwind -Cllvm-args=-wasm-use-legacy-eh=true --cfg=getrandom_backend="custom"'

# tests NAME OPTION... -- COMPILER_OPTION...: builds the tests and runs them.
tests() {
  local name=$1 modules
  shift
  modules=$(cargo rustc --profile test --features "$features" -Zbuild-std --target wasm32-unknown-unknown --message-format json-render-diagnostics "$@" \
    | python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable"): print(message["executable"])')
  [ -n "$modules" ] || { echo "no module of the tests $name was built" >&2; return 1; }
  node --stack-size=4000 "$root/.ci/wasm/run.js" "$modules" | grep -v '^running ' | tee -a "$log"
}
: > "$log"
tests lib --lib -- '-Zcrate-attr=feature(custom_test_frameworks)' '-Zcrate-attr=test_runner(wasm_runner::run)'
tests wasm --test wasm
cargo build --manifest-path "$root/platforms/wasm/Cargo.toml" -Zbuild-std --target wasm32-unknown-unknown
node "$root/platforms/wasm/fetch.mjs" "$CARGO_TARGET_DIR/wasm32-unknown-unknown/debug/io_shim_wasm.wasm"
"$root/.ci/left_out.py" WebAssembly check "$work/listed" "$work/ignored" "$log"
