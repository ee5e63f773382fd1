# Functions that the scripts share.
# shellcheck shell=bash

# The scripts that source this file use the variables.
# shellcheck disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$root/target/ci
target=x86_64-unknown-linux-gnu
mkdir -p "$work"

# run_steps STEP...: runs the functions step_STEP in order and stops at the first failure.
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

# skip WHY: reports that the step cannot run here. The summary at the end repeats it.
skip() {
  echo "skipped: $*"
  echo "${current:-}: $*" >> "$work/skipped"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# some_passed LOG [MODULE]: fails if LOG has no passed test, or none of the module.
some_passed() {
  local line='result: ok\. [1-9]'
  [ $# -eq 1 ] || line="$2::.* ok$"
  grep -q "^test $line" "$1" || { echo "no test${2:+ of '$2'} passed" >&2; return 1; }
}

# Updates the package lists, at most once an hour.
apt_update() {
  command -v apt-get > /dev/null || { echo "this step needs Debian packages, but there is no apt-get" >&2; return 1; }
  [ -n "$(find "$work/apt-updated" -mmin -60 2> /dev/null)" ] && return
  as_root apt-get update -qq
  touch "$work/apt-updated"
}

# apt_install PACKAGE...: installs Debian packages. Also accepts options of apt-get.
apt_install() {
  apt_update
  as_root apt-get install -y -qq "$@"
}

# need COMMAND [PACKAGE]: installs the Debian package if the command is missing. PACKAGE defaults to
# COMMAND.
need() { command -v "$1" > /dev/null || apt_install "${2:-$1}"; }

# start_example NAME: starts the example, which must be built, like start_server.
start_example() { start_server "$1" "${CARGO_TARGET_DIR:-target}/release/examples/$1"; }

# start_server NAME PROGRAM: starts a server on a free port. Sets $url to its URL, $server to its
# process id and $log to the file with its output.
start_server() {
  log=$work/$1.log
  "$2" 127.0.0.1:0 > "$log" &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$log")
    [ -n "$url" ] && return
    sleep 0.1
  done
  echo "$1 does not print its address" >&2
  return 1
}

# debian_rust_version PREFIX: prints the newest version of Debian's Rust compiler with that prefix,
# or nothing if there is none.
debian_rust_version() {
  local known
  known=$(apt-cache madison rustc-web | awk '{ print $3 }')
  [ -n "$known" ] || { echo "apt has no package rustc-web" >&2; return 1; }
  awk -v prefix="$1" 'index($0, prefix) == 1' <<< "$known" | sort -rV | sed -n 1p
}

depends() { apt-cache show "$1" | sed -n 's/^Depends: //p'; }

# unpack DIR PACKAGE...: replaces the contents of DIR with those of the Debian packages.
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

# debian_rust DIR VERSION [PACKAGE...]: unpacks that compiler into DIR. LLVM in a package name
# stands for the major version of its LLVM.
debian_rust() {
  local dir=$1 version=$2 std llvm
  shift 2
  std=$(depends "libstd-rust-web-dev=$version" | grep -o 'libstd-rust-web-[0-9.]*')
  llvm=$(depends "$std=$version" | grep -o 'libllvm[0-9]*' | grep -o '[0-9]*')
  unpack "$dir" "rustc-web=$version" "$std=$version" "libstd-rust-web-dev=$version" "libllvm$llvm" "${@//LLVM/$llvm}"
}

# use_debian_rust DIR: makes cargo use the compiler in DIR.
use_debian_rust() {
  export RUSTC=$1/usr/bin/rustc RUSTDOC=$1/usr/bin/rustdoc LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu
  "$RUSTC" --version
}

# newest_rust: makes cargo use Debian's newest compiler, in the directory $newest. That compiler can
# also build the standard library, with sanitizers or for another target.
newest_rust() {
  newest=$work/rust-newest
  apt_update
  debian_rust "$newest" "$(debian_rust_version '')" rust-web-src libclang-rt-LLVM-dev llvm-LLVM binutils-mingw-w64-x86-64
  use_debian_rust "$newest"
  # Contains the tool that creates import libraries for Windows.
  PATH=$PATH:$newest/usr/bin
  export RUSTC_BOOTSTRAP=1
}

# cargo_tool NAME: makes `cargo NAME` available. Builds it in the target directory if it is missing.
cargo_tool() {
  local tools=$root/target/ci-tools
  PATH=$PATH:$tools/bin
  cargo "$1" --version > /dev/null 2>&1 || cargo install "cargo-$1" --locked --quiet --root "$tools"
}

# nightly ARGS...: succeeds if a nightly toolchain accepts them. Never installs one.
nightly() { cargo +nightly "$@" > /dev/null 2>&1; }

# features: prints the features of Cargo.toml, except `default` and `full`, which only name others.
features() { sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' Cargo.toml | grep -vxE 'default|full'; }

# wasm_features: prints the features for WebAssembly: all features except those that the README
# excludes.
wasm_features() {
  local excluded
  excluded=$(sed -n 's/.*WebAssembly has all features but \([^)]*\)).*/\1/p' README.md | tr -d '`,')
  [ -n "$excluded" ] || { echo "the README does not say which features are for WebAssembly" >&2; return 1; }
  features | grep -vxFf <(tr ' ' '\n' <<< "$excluded") | paste -sd,
}

# copy_for NAME: makes a copy of the crate in $work/NAME. The copy contains .ci/NAME, and has the
# development dependencies of .ci/NAME/dependencies.toml instead of the crate's own.
copy_for() {
  local copy=$work/$1
  rm -rf "$copy"
  mkdir "$copy"
  ln -s "$root"/{README.md,docs,src,tests,benches,examples} "$root/.ci/$1" "$copy"
  awk '/^\[/ { dev = /^\[dev-dependencies/ } !dev' "$root/Cargo.toml" | cat - "$root/.ci/$1/dependencies.toml" > "$copy/Cargo.toml"
}

# list_tests: writes the names of this platform's tests to $work/listed, and the names of those that
# are ignored to $work/ignored.
list_tests() {
  local list=(cargo test --quiet --all-features --lib --test it -- --list)
  "${list[@]}" > "$work/listed"
  "${list[@]}" --ignored > "$work/ignored"
}
