#!/bin/bash
# memcheck.sh DIR [cargo test arguments] [-- test arguments]: runs the tests of the crate in DIR
# under valgrind's memcheck. It runs one thread at a time, so each processor gets a share of the
# tests.
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
shares=$(nproc) exact=(--exact)
[[ " $* " != *" --exact "* ]] || exact=()
for binary in $binaries; do
  name=$(basename "$binary") jobs=() failed=''
  for ((share = 0; share < shares; share++)); do
    mapfile -t tests < <("$binary" --list "$@" | sed -n 's/: test$//p' | awk -v share="$share" -v shares="$shares" 'NR % shares == share')
    [ ${#tests[@]} -gt 0 ] || continue
    "${check[@]}" "$binary" "$@" --test-threads=1 "${exact[@]}" "${tests[@]}" > "$work/memcheck-$share.log" 2>&1 &
    jobs[share]=$!
  done
  [ ${#jobs[@]} -gt 0 ] || { echo "memcheck: no test of $name has such a name" >&2; exit 1; }
  for share in "${!jobs[@]}"; do
    wait "${jobs[$share]}" || failed="$failed $share"
    echo "memcheck: $name, share $((share + 1)) of $shares"
    cat "$work/memcheck-$share.log"
  done
  [ -z "$failed" ] || { echo "memcheck: $name failed, see above" >&2; exit 1; }
done
