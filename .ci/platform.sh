#!/bin/bash
# platform.sh windows|i686: runs the library's tests on another platform. Fails if a test is left
# out that docs/PLATFORMS.md does not list. The compiler and the source of std are Debian's.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
log=$work/$1.log
cd "$root"
need python3

list_tests
export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$work/targets

case $1 in
  windows)
    section=Windows other=x86_64-pc-windows-gnu wine=/usr/lib/wine/wine64
    need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
    [ -x $wine ] || apt_install --no-install-recommends wine64
    export WINEPREFIX=$work/wine WINEDEBUG=-all DISPLAY=
    [ -e "$WINEPREFIX/system.reg" ] || $wine wineboot -i < /dev/null
    # Wine 8 has no such library, and std needs it.
    x86_64-w64-mingw32-gcc -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" .ci/process_prng.c -ladvapi32
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine
    ;;
  i686)
    section="32 bits" other=i686-unknown-linux-gnu
    [ -e /usr/include/x86_64-linux-gnu/gnu/stubs-32.h ] || [ -e /usr/lib32/libc.so ] || apt_install gcc-multilib
    ;;
  *) echo "no platform is called '$1'" >&2; exit 2 ;;
esac

newest_rust
read -ra skipped <<< "$(.ci/left_out.py "$section" skip)"
RUST_BACKTRACE=0 cargo test --all-features --lib --test it -Zbuild-std --target "$other" -- "${skipped[@]}" | tee "$log"
.ci/left_out.py "$section" check "$work/listed" "$work/ignored" "$log"
