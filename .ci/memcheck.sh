#!/bin/bash
# memcheck.sh DIR [cargo test arguments] [-- test arguments]: runs the tests of the crate in DIR
# under valgrind's memcheck.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$1
shift
build=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do build+=("$1"); shift; done
[ $# -eq 0 ] || shift

need valgrind
valgrind --version

# Fewer cases, because each takes fifty times as long.
export RUST_BACKTRACE=0 PROPTEST_CASES=${PROPTEST_CASES:-16}

cd "$dir"
binaries=$(cargo test --no-run --message-format=json "${build[@]}" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
[ -n "$binaries" ] || { echo "no test binary was built" >&2; exit 1; }
check=(valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
for binary in $binaries; do
  echo "memcheck: $(basename "$binary")"
  "${check[@]}" "$binary" --test-threads=1 "$@" || { echo "memcheck: $(basename "$binary") failed, see above" >&2; exit 1; }
done
