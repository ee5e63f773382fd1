#!/usr/bin/env python3
"""Writes the seeds: random scripts of 4 to 48 records for each target, the same ones every time."""
import pathlib
import random

for target in ["cursor", "layers", "tracked"]:
    directory = pathlib.Path(__file__).parent / "seeds" / target
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(12):
        script = bytearray(random.Random(f"{target} {number}").randbytes(16 * (number + 1)))
        # The kind of case is in the third byte (see `layers.rs`): every kind of them has three seeds.
        script[2] = script[2] & ~6 | number % 4 * 2
        (directory / f"{number:02}").write_bytes(script)
