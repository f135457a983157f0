#!/bin/sh
# numba 0.68.1: a function is optimized and compiled again for each function above it in a chain of calls, also without
# inlining asked for. Guessed: one copy of the innermost one, which its caller calls. Seen: the machine code of each of
# six functions in a chain holds the loop of the innermost one. What a deep chain costs to compile grows accordingly.
# Exits 0 while that is so, 1 if it changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "numba==0.68.1" "numpy==2.4.6"
cd "$folder"
cat > chain.py <<'END'
import struct

import numba
import numpy as np

MARK = 12345.678


@numba.njit
def innermost(x):
    total = 0.0
    for k in range(x.size):
        if x[k] > 0.25:
            total += x[k] * MARK
        else:
            total -= x[k] / 3.0
    return total


def above(inner):
    @numba.njit
    def one(x):
        x[0] += 1.0
        return inner(x) + x[0]

    return one


chain = [innermost]
for _ in range(5):
    chain.append(above(chain[-1]))
chain[-1](np.ones(3))
mark = "0x" + struct.pack(">d", MARK).hex().upper()
holds = [mark in function.inspect_llvm(function.signatures[0]) for function in chain]
print("numba", numba.__version__, "- compiled functions that hold the innermost one's loop:", sum(holds), "of", len(holds))
raise SystemExit(0 if all(holds) else 1)
END
"$folder/venv/bin/python" chain.py && echo "as described" || { echo "changed: not what this script describes"; exit 1; }
