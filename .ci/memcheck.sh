#!/bin/bash
# memcheck.sh DIR [cargo test arguments] [-- test arguments]: runs the tests of the crate in DIR
# under valgrind's memcheck. It runs one thread at a time, so each processor runs a share of the
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
exact=(--exact)
[[ " $* " != *" --exact "* ]] || exact=()
# More shares than processors, because some tests take a minute.
processors=$(nproc) shares=$((4 * $(nproc))) failed=$work/memcheck-failed
for binary in $binaries; do
  name=$(basename "$binary")
  mapfile -t all < <("$binary" --list "$@" | sed -n 's/: test$//p')
  [ ${#all[@]} -gt 0 ] || { echo "memcheck: no test of $name has such a name" >&2; exit 1; }
  rm -f "$failed" "$work"/memcheck-*.log
  for ((share = 0; share < shares && share < ${#all[@]}; share++)); do
    tests=()
    for ((i = share; i < ${#all[@]}; i += shares)); do tests+=("${all[i]}"); done
    [ "$(jobs -rp | wc -l)" -lt "$processors" ] || wait -n || true
    { "${check[@]}" "$binary" "$@" --test-threads=1 "${exact[@]}" "${tests[@]}" > "$work/memcheck-$share.log" 2>&1 || echo "$share" >> "$failed"; } &
  done
  wait
  echo "memcheck: $name"
  cat "$work"/memcheck-*.log
  [ ! -e "$failed" ] || { echo "memcheck: $name failed, see above" >&2; exit 1; }
done
