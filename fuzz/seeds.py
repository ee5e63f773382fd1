#!/usr/bin/env python3
"""Writes the numbered seeds: for each target, random scripts of 4 to 48 records."""
import pathlib
import random

for target in ["cursor", "layers", "tracked"]:
    directory = pathlib.Path(__file__).parent / "seeds" / target
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(12):
        script = bytearray(random.Random(f"{target} {number}").randbytes(16 * (number + 1)))
        # The third byte selects the kind of case (see `layers.rs`). Each kind gets three seeds.
        script[2] = script[2] & ~6 | number % 4 * 2
        (directory / f"{number:02}").write_bytes(script)
