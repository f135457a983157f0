"""Muon: orthogonalised momentum in a network's inner layers, AdamW in the rest."""

import math
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import (
    bias_correction,
    column,
    decayed,
    denom_of,
    denom_scales,
    discounted_sum,
    moving_average,
    sqrt_v_factor,
)
from trainers.rules.shipped import Trajectory, Values, register

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz iteration: Keller Jordan's, with the largest slope at zero. Singular values end between about
0.7 and 1.2."""

ITERATIONS, LEAST_NORM = 5, 1e-7

SCALES = ("match_rms_adamw", "original")


def muon_equation(
    w: Tensor, shapes: Shapes, h: Values, scale: str = "match_rms_adamw", nesterov: bool = True
) -> Trajectory:
    """Muon in matrices between the first and the last, as torch.optim.Muon in full precision; AdamW elsewhere."""
    exp_avg, exp_avg_sq, parts = torch.zeros_like(w), torch.zeros_like(w), _matrices(shapes)
    sizes = [size for size, _, _ in parts]
    decay = torch.cat([w.new_full((size,), h.momentum if rows else h.beta1) for size, rows, _ in parts])
    for t in count(1):
        grad = yield w
        exp_avg = decay * exp_avg + (1 - decay) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        adamw = exp_avg / (1 - h.beta1**t) / ((exp_avg_sq / (1 - h.beta2**t)).sqrt() + h.epsilon)
        ahead = h.momentum * exp_avg + (1 - h.momentum) * grad if nesterov else exp_avg
        updates = [
            orthogonalized(u.view(1, rows, columns)).flatten() * size_of_step(scale, rows, columns) if rows else other
            for (_, rows, columns), u, other in zip(parts, ahead.split(sizes), adamw.split(sizes), strict=True)
        ]
        w = w - h.alpha * (torch.cat(updates) + h.weight_decay * w)


class MuonState(NamedTuple):
    """The state of Muon.

    `step` (no dimension): gradients so far. `matrices`: of each tensor its size, and the rows and columns of its
    matrix, 0 and 0 where AdamW steps it; int64 `[3 · tensors]`, always on the CPU. `exp_avg` `[cells, n]`: m.
    `exp_sum_sq` `[cells, n]`: AdamW's v/(1 − β2), 0 in matrices.
    """

    step: Tensor
    matrices: Tensor
    exp_avg: Tensor
    exp_sum_sq: Tensor


@register("muon", label="Muon", equation=muon_equation)
def muon(*, scale: str = "match_rms_adamw", nesterov: bool = True) -> Rule:
    """Muon (Jordan et al. 2024) in every matrix but a network's first and last, AdamW in those, norms and biases.

    A kernel `[out, in, height, width]` is the matrix `[out, in·height·width]`. Momentum is made nearly orthogonal by
    five Newton-Schulz steps in the parameters' own precision (torch.optim.Muon takes bfloat16), and scaled by s:

    - `scale=match_rms_adamw` (Liu et al. 2025): s = 0.2·√max(rows, columns), so that steps are as large as AdamW's;
    - `scale=original`: s = √max(1, rows/columns).
    """
    if scale not in SCALES:
        raise unknown("scale of Muon", scale, SCALES)

    def init(params: Tensor, shapes: Shapes) -> MuonState:
        step = torch.zeros((), dtype=torch.int64, device=params.device)
        sizes = torch.tensor(_matrices(shapes), dtype=torch.int64, device="cpu").flatten()
        return MuonState(step, sizes, torch.zeros_like(params), torch.zeros_like(params))

    def step(params: Tensor, grads: Tensor, state: MuonState, hyper: Hyper) -> tuple[Tensor, MuonState]:
        count, shrunk = state.step + 1, decayed(params, hyper)
        scales = {name: column(value, params) for name, value in _scales(count, hyper).items()}
        parts: list[tuple[Tensor, Tensor, Tensor]] = []
        for rows, columns, at in _pieces(state.matrices, params.shape[1]):
            grad, exp_avg, exp_sum_sq = (each[:, at] for each in (grads, state.exp_avg, state.exp_sum_sq))
            if rows:
                exp_avg = moving_average(exp_avg, grad, scales["one_minus_momentum"])
                update = moving_average(grad, exp_avg, scales["momentum"]) if nesterov else exp_avg
                direction = orthogonalized(update.reshape(-1, rows, columns)).flatten(1)
                size = scales["alpha"] * size_of_step(scale, rows, columns)
                new = torch.addcmul(shrunk[:, at], direction, size, value=-1)
            else:
                exp_avg = moving_average(exp_avg, grad, scales["one_minus_beta1"])
                exp_sum_sq = discounted_sum(exp_sum_sq, grad, scales["beta2"])
                new = torch.addcdiv(shrunk[:, at], exp_avg, denom_of(exp_sum_sq, scales), value=-1)
            parts.append((new, exp_avg, exp_sum_sq))
        after, exp_avg, exp_sum_sq = (torch.cat(each, dim=1) for each in zip(*parts, strict=True))
        return after, MuonState(count, state.matrices, exp_avg, exp_sum_sq)

    defaults = {"alpha": 1e-3, "epsilon": 1e-8, "momentum": 0.95, "beta1": 0.9, "beta2": 0.95, "weight_decay": 0.0}
    summary = "Muon in inner layers, AdamW in first, last, norms and biases (Jordan et al. 2024; Liu et al. 2025)"
    return Rule("muon", defaults, init, step, summary)


def orthogonalized(matrices: Tensor) -> Tensor:
    """Each matrix `[matrices, rows, columns]` with its singular values moved near to 1; zeros stay zeros.

    Newton-Schulz: X ← a·X + b·(XXᵀ)·X + c·(XXᵀ)²·X, from X of a Frobenius norm of 1, in the shape with fewer rows.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True).clamp(min=LEAST_NORM)
    for _ in range(ITERATIONS):
        gram = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def size_of_step(scale: str, rows: int, columns: int) -> float:
    """The factor of α for a matrix (see `muon`)."""
    return 0.2 * math.sqrt(max(rows, columns)) if scale == "match_rms_adamw" else math.sqrt(max(1.0, rows / columns))


def _matrices(shapes: Shapes) -> list[tuple[int, int, int]]:
    """Each tensor's size, and the rows and columns of its matrix: 0 and 0 where AdamW steps it."""
    wide = [at for at, shape in enumerate(shapes) if len(shape) >= 2]
    inner = set(wide[1:-1])
    found = []
    for at, shape in enumerate(shapes):
        size = math.prod(shape)
        found.append((size, shape[0], size // shape[0]) if at in inner and size else (size, 0, 0))
    return found


def _pieces(matrices: Tensor, n: int) -> Iterator[tuple[int, int, slice]]:
    """Rows, columns and place of each matrix, and of each run of tensors between them (0 rows)."""
    start = end = 0
    for size, rows, columns in matrices.view(-1, 3).tolist():
        if rows:
            if end > start:
                yield 0, 0, slice(start, end)
            yield rows, columns, slice(end, end + size)
            start = end + size
        end += size
    if n > start:
        yield 0, 0, slice(start, n)


def _scales(step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    alpha, momentum = hyper["alpha"].double(), hyper["momentum"].double()
    step_size = alpha / bias_correction(hyper["beta1"], step)
    return {
        "alpha": alpha,
        "momentum": momentum,
        "one_minus_momentum": 1.0 - momentum,
        "one_minus_beta1": 1.0 - hyper["beta1"].double(),
        "beta2": hyper["beta2"],
        **denom_scales(sqrt_v_factor(hyper["beta2"], step), hyper["epsilon"], step_size),
    }
