#!/bin/sh
# heavyball 3.2.1 (torch 2.13.0, CPU): LaProp takes eps and does not read it. Guessed: as in AdamW of the same package,
# where eps=100 makes the steps at gradients of 0.001 a hundred thousand times as short. Seen: the same weights after
# three steps for eps from 1e-8 to 100, so that a sweep over eps is flat.
# Exits 0 while that is so, 1 if it changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "torch==2.13.0" "heavyball==3.2.1" "numpy>=2"
cd "$folder"
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

import torch
from heavyball import AdamW, LaProp

print("torch", version("torch"), "heavyball", version("heavyball"))


def moved(cls, eps):
    weights = torch.nn.Parameter(torch.ones(4))
    optimizer = cls([weights], lr=0.1, eps=eps, compile_step=False)
    for _ in range(3):
        weights.grad = torch.full((4,), 1e-3)
        optimizer.step()
    return 1 - weights[0].item()


seen = {cls.__name__: [moved(cls, eps) for eps in (1e-8, 1e-4, 1.0, 100.0)] for cls in (AdamW, LaProp)}
print("distance of three steps for eps = 1e-8, 1e-4, 1, 100:", seen)
same = len(set(seen["LaProp"])) == 1 and seen["AdamW"][3] < 1e-4 * seen["AdamW"][0]
print("as described" if same else "changed: not what this script describes")
raise SystemExit(0 if same else 1)
END
