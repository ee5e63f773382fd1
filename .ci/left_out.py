#!/usr/bin/env python3
"""Compares the tests that passed on a platform with those of 64-bit Linux. A difference must be
listed in docs/PLATFORMS.md.

left_out.py SECTION skip: prints the tests to skip, as arguments for the test runner.
left_out.py SECTION check LISTED IGNORED LOG: checks the LOG of the platform's test runners. LISTED
is what `cargo test -- --list` prints on Linux, and IGNORED is what `--list --ignored` prints.
"""

import re
import sys
from pathlib import Path

page = (Path(__file__).parent.parent / "docs/PLATFORMS.md").read_text()
section, command, *files = sys.argv[1:]
table = page.partition(f"## Left out on {section}\n")[2].partition("\n## ")[0]
rows = dict(re.findall(r"^\| `(\S+)` \| (cfg|skip) \|", table, re.M))
if not rows:
    sys.exit(f"docs/PLATFORMS.md has no table for {section}")

if command == "skip":
    print(*(f"--skip={name.rstrip('*')}" for name, by in rows.items() if by == "skip"))
    sys.exit()

tests = (re.findall(r"^(\S+): test$", Path(file).read_text(), re.M) for file in files[:2])
listed, ignored = map(set, tests)
log = Path(files[2]).read_text(errors="replace")
passed = set(re.findall(r"^test (\S+)(?: - should panic)? \.\.\. ok\b", log, re.M))
linux = listed - ignored


def matching(pattern, names):
    prefix = pattern[:-1] if pattern.endswith("::*") else None
    return {name for name in names if name == pattern or prefix and name.startswith(prefix)}


missing = linux - passed
faults = [f"{name} did not pass, and docs/PLATFORMS.md does not list it"
          for name in sorted(missing - {name for row in rows for name in matching(row, missing)})]
for row in rows:
    if not matching(row, missing):
        faults.append(f"docs/PLATFORMS.md lists `{row}`, but no test of that name was left out")
    faults += [f"docs/PLATFORMS.md lists `{row}`, but {name} passed"
               for name in sorted(matching(row, passed))]
if not passed & linux:
    faults.append("no test ran")
for fault in faults:
    print(fault, file=sys.stderr)
print(f"{section}: {len(passed & linux)} of the {len(linux)} tests of 64-bit Linux passed, "
      f"{len(missing)} were left out as listed, and {len(passed - linux)} tests are only for it")
sys.exit(bool(faults))
