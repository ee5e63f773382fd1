#!/bin/bash
# msan.sh DIR [cargo test arguments]: runs the tests of the crate in DIR under MemorySanitizer.
set -euo pipefail
export PROPTEST_CASES=${PROPTEST_CASES:-64}
exec "$(dirname "${BASH_SOURCE[0]}")/rebuilt.sh" memory msan "$@"
