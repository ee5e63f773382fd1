#!/bin/bash
# fuzz.sh SECONDS: runs all targets in fuzz/ in parallel, each for SECONDS of CPU time, and prints
# their figures. The inputs that are found are kept in target/ci for the next run. All runs also use
# the inputs in fuzz/seeds.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=$1
cd "$root"
cargo_tool fuzz

# With RUSTC_BOOTSTRAP, the stable compiler accepts the sanitizer's flags.
RUSTC_BOOTSTRAP=1 cargo fuzz build --target "$target" --target-dir "$work/fuzz"
# cargo-fuzz sets this value, too.
export ASAN_OPTIONS=detect_odr_violation=0${ASAN_OPTIONS:+:$ASAN_OPTIONS} TIMEFORMAT='%U %S'

# fuzz NAME: repeats runs until the CPU time is used. libFuzzer limits the wall-clock time of a run.
# On a busy machine, a run uses less CPU time than that.
fuzz() {
  local name=$1 out=$work/fuzz-$1 left=$seconds status=0 used
  mkdir -p "$out/corpus" "$out/found"
  : > "$out/log"
  while [ "$left" -gt 0 ]; do
    # shellcheck disable=SC2261
    { time "$work/fuzz/$target/release/$name" -max_total_time="$left" -timeout=10 -print_final_stats=1 \
      -artifact_prefix="$out/found/" "$out/corpus" "fuzz/seeds/$name" >> "$out/log" 2>&1 || status=$?; } 2> "$out/time"
    if [ "$status" -ne 0 ]; then
      grep -m 1 -A 30 -E 'panicked at|ERROR: ' "$out/log" || tail -n 40 "$out/log"
      echo "$name FAILED with status $status: see above, $out/log and $out/found" >&2
      return 1
    fi
    used=$(awk '{ print int($1 + $2) }' "$out/time")
    left=$((left - (used > 0 ? used : 1)))
  done
  awk -v name="$name" -v cpu=$((seconds - left)) '
    /^INFO: Loaded 1 modules/ { edges = $9 }
    / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corpus = $(i + 1) + 0 } }
    /^stat::number_of_executed_units/ { executed += $2 }
    END { printf "%s: %d s of CPU, %d executions, %d of %d edges reached, %d inputs kept\n", name, cpu, executed, cov, edges, corpus }
  ' "$out/log"
}

targets=$(cargo fuzz list)
[ -n "$targets" ] || { echo "fuzz/ has no targets" >&2; exit 1; }
jobs=()
for name in $targets; do
  fuzz "$name" &
  jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
exit "$failed"
