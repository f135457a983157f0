#!/bin/sh
# pytorch-optimizer 4.1.0 (torch 2.13.0, CPU): the first step of SRMM multiplies all weights by the square root of 1/2,
# also with lr=0 and a gradient of 0; later steps leave them. Seen: 1.0, then 0.7071067690849304 three times.
# Exits 0 while that is so, 1 if it changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "torch==2.13.0" "pytorch-optimizer==4.1.0" "numpy>=2"
cd "$folder"
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

import torch
from pytorch_optimizer import SRMM

print("torch", version("torch"), "pytorch-optimizer", version("pytorch-optimizer"))
weight = torch.nn.Parameter(torch.ones(4))
optimizer = SRMM([weight], lr=0.0)
seen = [weight[0].item()]
for _ in range(3):
    weight.grad = torch.zeros(4)
    optimizer.step()
    seen.append(weight[0].item())
print("weights at lr=0 and gradient 0, before and after each of three steps:", seen)
same = abs(seen[1] - 0.5**0.5) < 1e-6 and seen[1] == seen[2] == seen[3]
print("as described" if same else "changed: not what this script describes")
raise SystemExit(0 if same else 1)
END
