# Shared by the scripts beside it: the step runner, and Debian packages that are unpacked, not installed.
# shellcheck shell=bash

# The names set here are for the scripts that read this file.
# shellcheck disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$root/target/ci
target=x86_64-unknown-linux-gnu
mkdir -p "$work"

# run_steps STEP...: runs the function step_STEP of each in turn and stops at the first that fails.
run_steps() {
  local step since all=("$@")
  for step in "$@"; do
    declare -F "step_$step" > /dev/null || { echo "no step is called '$step'" >&2; exit 2; }
  done
  : > "$work/skipped"
  export current=''
  trap 'report_failure $?' EXIT
  for step in "$@"; do
    current=$step since=$SECONDS
    printf '\n== %s\n' "$step"
    (cd "$root" && "step_$step")
    printf '== %s: %d s\n' "$step" $((SECONDS - since))
  done
  printf '\n'
  sed 's/^/skipped: /' "$work/skipped"
  echo "passed in $SECONDS s: ${all[*]}"
}

report_failure() {
  if [ "$1" -ne 0 ]; then echo "FAILED: step $current (exit status $1)" >&2; fi
}

# skip WHY: the step could not run here; said again at the end, so that nobody takes it for a pass.
skip() {
  echo "skipped: $*"
  echo "${current:-}: $*" >> "$work/skipped"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The package lists, fetched once an hour at most.
apt_update() {
  command -v apt-get > /dev/null || { echo "this step takes its tools from Debian's packages, and there is no apt-get" >&2; return 1; }
  [ -n "$(find "$work/apt-updated" -mmin -60 2> /dev/null)" ] && return
  as_root apt-get update -qq
  touch "$work/apt-updated"
}

# need COMMAND [PACKAGE]: installs Debian's package, called like the command if it is not named, where the command is missing.
need() {
  command -v "$1" > /dev/null && return
  apt_update
  as_root apt-get install -y -qq "${2:-$1}"
}

# start_example NAME: starts that example, built before, on a free port; sets $url to where it listens, $server to its process and
# $log to what it prints.
start_example() {
  log=$work/$1.log
  "${CARGO_TARGET_DIR:-target}/release/examples/$1" 127.0.0.1:0 > "$log" &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$log")
    [ -n "$url" ] && return
    sleep 0.1
  done
  echo "$1 does not listen" >&2
  return 1
}

# debian_rust_version PREFIX: the newest version of Debian's Rust compiler that starts so; nothing where there is none.
debian_rust_version() {
  local known
  known=$(apt-cache madison rustc-web | awk '{ print $3 }')
  [ -n "$known" ] || { echo "apt knows no package rustc-web" >&2; return 1; }
  awk -v prefix="$1" 'index($0, prefix) == 1' <<< "$known" | sort -rV | sed -n 1p
}

depends() { apt-cache show "$1" | sed -n 's/^Depends: //p'; }

# unpack DIR PACKAGE...: unpacks these Debian packages into DIR, and nothing else there.
unpack() {
  local dir=$1
  shift
  [ "$(cat "$dir/unpacked" 2> /dev/null)" = "$*" ] && return
  echo "unpacking $*"
  rm -rf "$dir"
  mkdir -p "$dir/debs"
  (cd "$dir/debs" && apt-get download -qq -o APT::Sandbox::User=root "$@")
  for deb in "$dir"/debs/*.deb; do dpkg -x "$deb" "$dir"; done
  rm -r "$dir/debs"
  echo "$*" > "$dir/unpacked"
}

# debian_rust DIR VERSION [more packages, LLVM standing for its major version]: unpacks that compiler into DIR.
debian_rust() {
  local dir=$1 version=$2 std llvm
  shift 2
  std=$(depends "libstd-rust-web-dev=$version" | grep -o 'libstd-rust-web-[0-9.]*')
  llvm=$(depends "$std=$version" | grep -o 'libllvm[0-9]*' | grep -o '[0-9]*')
  unpack "$dir" "rustc-web=$version" "$std=$version" "libstd-rust-web-dev=$version" "libllvm$llvm" "${@//LLVM/$llvm}"
}

# use_debian_rust DIR: cargo calls the compiler in DIR from here on.
use_debian_rust() {
  export RUSTC=$1/usr/bin/rustc RUSTDOC=$1/usr/bin/rustdoc LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu
  "$RUSTC" --version
}

# newest_rust: cargo calls Debian's newest compiler from here on, which can build the standard library too: with sanitizers, or for
# another target. It is in the directory $newest.
newest_rust() {
  newest=$work/rust-newest
  apt_update
  debian_rust "$newest" "$(debian_rust_version '')" rust-web-src libclang-rt-LLVM-dev llvm-LLVM binutils-mingw-w64-x86-64
  use_debian_rust "$newest"
  export RUSTC_BOOTSTRAP=1
}

# cargo_tool NAME: from here on there is a `cargo NAME`; built into the checkout's target directory where the machine has none.
cargo_tool() {
  local tools=$root/target/ci-tools
  PATH=$PATH:$tools/bin
  cargo "$1" --version > /dev/null 2>&1 || cargo install "cargo-$1" --locked --quiet --root "$tools"
}

# nightly ARGS...: whether a nightly toolchain answers to them. One is used where it is, none is installed.
nightly() { cargo +nightly "$@" > /dev/null 2>&1; }
