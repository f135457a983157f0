"""Optimizer classes whose facts are known because they are written down here."""

import time

import torch
from torch.optim import Optimizer


class Known(Optimizer):
    """Steps each element by `-lr · update(g, …)`; a subclass says which."""

    def __init__(self, params, lr=1e-2, eps=1e-8, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                self.decay(p, p.grad, group)
                p.sub_(group["lr"] * self.update(p, p.grad, state, group))

    def decay(self, p, grad, group):
        pass

    def update(self, p, grad, state, group):
        return grad


def second_moment(grad, state):
    v = state.setdefault("v", torch.zeros_like(grad)).mul_(0.999).addcmul_(grad, grad, value=0.001)
    return v, 1 - 0.999 ** state["step"]


class Signed(Known):
    def update(self, p, grad, state, group):
        return grad.sign()


class CubeRoot(Known):
    def update(self, p, grad, state, group):
        return grad.sign() * grad.abs() ** (1 / 3)


class Outside(Known):
    def update(self, p, grad, state, group):
        v, correction = second_moment(grad, state)
        return grad / ((v / correction).sqrt() + group["eps"])


class Inside(Known):
    def update(self, p, grad, state, group):
        v, correction = second_moment(grad, state)
        return grad / (v / correction + group["eps"]).sqrt()


class Raw(Known):
    def update(self, p, grad, state, group):
        v, correction = second_moment(grad, state)
        return grad * correction**0.5 / (v.sqrt() + group["eps"])


class Twice(Known):
    def update(self, p, grad, state, group):
        v, correction = second_moment(grad, state)
        return grad * (v / correction).sqrt() / ((v / correction).sqrt() + group["eps"]) ** 2


class Cancelled(Known):
    """ε is cancelled by a normalisation of the whole tensor once it is all that acts."""

    def update(self, p, grad, state, group):
        v, correction = second_moment(grad, state)
        found = grad / ((v / correction).sqrt() + group["eps"])
        return found / found.norm()


class Coupled(Outside):
    def decay(self, p, grad, group):
        grad.add_(p, alpha=group["weight_decay"])


class Decoupled(Outside):
    factor = 1.0

    def decay(self, p, grad, group):
        p.mul_(1 - self.factor * group["lr"] * group["weight_decay"])


class Thrice(Decoupled):
    factor = 3.0


class Fixed(Outside):
    def decay(self, p, grad, group):
        p.mul_(1 - group["weight_decay"])


class OfMatrices(Decoupled):
    def decay(self, p, grad, group):
        if p.dim() > 1:
            super().decay(p, grad, group)


class Blind(Known):
    """Its rate is what it was constructed with."""

    def __init__(self, params, lr=1e-2):
        super().__init__(params, lr)
        self.fixed = lr

    def update(self, p, grad, state, group):
        return grad * (self.fixed / group["lr"])


class Velocity(Known):
    """The rate is within the velocity."""

    def update(self, p, grad, state, group):
        velocity = state.setdefault("velocity", torch.zeros_like(grad)).mul_(0.8).add_(grad, alpha=group["lr"])
        return velocity / group["lr"]


class WholeNetwork(Known):
    def update(self, p, grad, state, group):
        total = sum(float(each.grad.norm()) for group in self.param_groups for each in group["params"])
        return grad / total


class WholeTensor(Known):
    def update(self, p, grad, state, group):
        return grad / grad.norm()


class FirstsEps(Outside):
    """Reads the first group's ε."""

    def update(self, p, grad, state, group):
        return super().update(p, grad, state, self.param_groups[0])


class Forgetful(Known):
    """Counts its steps where its state_dict does not see it."""

    def update(self, p, grad, state, group):
        self.count = getattr(self, "count", 0) + 1
        return grad / self.count


class Random(Known):
    def update(self, p, grad, state, group):
        return grad * torch.rand_like(grad)


class Moving(Known):
    def decay(self, p, grad, group):
        p.mul_(0.99)


class SetsDtype(Known):
    def update(self, p, grad, state, group):
        torch.set_num_threads(3)
        return grad


class Hangs(Known):
    def __init__(self, params, lr=1e-2):
        time.sleep(1000)


class Dies(Known):
    def __init__(self, params, lr=1e-2):
        import os

        os._exit(7)
