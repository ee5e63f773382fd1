#!/bin/bash
# tsan.sh DIR [cargo test arguments]: runs the tests of the crate in DIR under ThreadSanitizer.
set -euo pipefail
export PROPTEST_CASES=${PROPTEST_CASES:-16}
exec "$(dirname "${BASH_SOURCE[0]}")/rebuilt.sh" thread tsan "$@"
