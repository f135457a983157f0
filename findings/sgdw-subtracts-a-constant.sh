#!/bin/sh
# torch_optimizer 0.3.0 (torch 2.13.0, CPU): SGDW's weight decay does not shrink weights, it subtracts lr * weight_decay
# from each, whatever its size or sign. Guessed, from the paper that it names: each weight times 1 - lr * weight_decay.
# Seen with lr=0.1, weight_decay=0.5 and gradients of 0: 1, -1 and 0 become 0.85, -1.15 and -0.15 in three steps.
# Exits 0 while that is so, 1 if it changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "torch==2.13.0" "torch_optimizer==0.3.0" "pytorch_ranger==0.1.1" "numpy>=2"
cd "$folder"
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

import torch
from torch_optimizer import SGDW

print("torch", version("torch"), "torch_optimizer", version("torch_optimizer"))
weights = torch.nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
optimizer = SGDW([weights], lr=0.1, weight_decay=0.5)
for _ in range(3):
    weights.grad = torch.zeros(3)
    optimizer.step()
seen = [round(value, 6) for value in weights.tolist()]
print("1, -1 and 0 after three steps at gradients of 0:", seen)
same = seen == [0.85, -1.15, -0.15]
print("as described" if same else "changed: not what this script describes")
raise SystemExit(0 if same else 1)
END
