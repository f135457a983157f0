"""Gradientless descent as Optuna samplers, `GLDSampler` and `CGLDSampler`, for any Optuna study.

>>> import optuna
>>> from tuning.optuna import GLDSampler
>>> optuna.logging.set_verbosity(optuna.logging.WARNING)
>>> study = optuna.create_study(sampler=GLDSampler(seed=1))
>>> study.optimize(lambda trial: (trial.suggest_float("x", -5, 5) - 1) ** 2, n_trials=60)
>>> abs(study.best_params["x"] - 1) < 0.5
True
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuning.sampler_axes import FLOAT_STEPS, axis_of, draw_in_ball
from tuning.searchers.balls import radii

STEP_KEY = "tunecost:gld_step"


class GLDSampler(BaseSampler):
    """Gradientless descent (GLD-Search; Golovin et al. 2020) as an Optuna sampler.

    From the best trial so far, one candidate for each radius R·2^−k, k = 0 … ⌊log2(R/r)⌋, largest first; then the
    same from the best of them all. Equal values keep the older trial. Radii are counted in steps: an integer, or a
    float with a step, has its own; the range of any other float (of its logarithm if it is a log one) is 20 steps, and
    so is that of a parameter of more than 100 values; two choices of a categorical are one step apart. A candidate is
    uniform over the points in the ball and in the ranges, except the center. On a grid of integers this is the
    searcher `gld`, cell for cell.

    Before any trial is complete, and for parameters that not every trial has, values are uniform. The candidate of a
    failed trial is drawn again; a pruned trial never becomes the center. All state is read from the study, so workers
    that use the same storage search together: each takes the next radius, around the best trial complete by then.

    Args:
        radius_max: R in steps; the longest parameter's number of steps where not given.
        radius_min: r in steps; a fraction where floats need finer moves than a twentieth of their range.
        seed: of the sampler's own generator.

    Raises:
        BadInput (a ValueError): a radius out of range.
        ValueError: a study with several objectives, when it samples.
    """

    def __init__(self, *, radius_max: float | None = None, radius_min: float = 1.0, seed: int | None = None) -> None:
        radii((FLOAT_STEPS + 1,) if radius_max is None else (1,), radius_max, radius_min)
        self._radius_max = radius_max
        self._radius_min = radius_min
        self._rng = np.random.default_rng(seed)
        self._random = RandomSampler(seed=seed)
        self._search_space = IntersectionSearchSpace(include_pruned=True)

    def reseed_rng(self) -> None:
        self._rng = np.random.default_rng()
        self._random.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        if len(study.directions) > 1:
            raise ValueError(f"{type(self).__name__} tunes one objective, not {len(study.directions)}")
        found = self._search_space.calculate(study)
        return {name: distribution for name, distribution in found.items() if not distribution.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space:
            return {}
        axes = [axis_of(distribution) for distribution in search_space.values()]
        lengths = tuple(int(np.ceil(axis.steps)) + 1 for axis in axes)
        reach = radii(lengths, self._radius_max, self._radius_min)
        trials = study.get_trials(deepcopy=False)
        alive = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        position = sum(other.state in alive and other.number < trial.number for other in trials)
        # The first trial was the start; every further one is the next candidate.
        step, candidate = divmod(max(position - 1, 0), len(reach))
        study._storage.set_trial_system_attr(trial._trial_id, STEP_KEY, step)
        center = _center(study, trials, step, search_space)
        if center is None:
            return {}
        names = list(search_space)
        moving = self._moving(step, len(axes))
        places = [axes[i].place(center.params[names[i]]) for i in moving]
        drawn = draw_in_ball([axes[i] for i in moving], places, reach[candidate], self._rng)
        moved = {names[i]: axes[i].value(place) for i, place in zip(moving, drawn, strict=True)}
        return {name: moved.get(name, center.params[name]) for name in names}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._random.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._random.after_trial(study, trial, state, values)

    def _moving(self, step: int, parameters: int) -> list[int]:
        """The indices of the parameters that move in the given step: all of them."""
        return list(range(parameters))


class CGLDSampler(GLDSampler):
    """Coordinate gradientless descent: as `GLDSampler`, but step s moves parameter s mod d only.

    The parameters take turns in the alphabetical order of their names.
    """

    def _moving(self, step: int, parameters: int) -> list[int]:
        """The index of the one parameter that moves in the given step."""
        return [step % parameters]


def _center(
    study: Study, trials: Sequence[FrozenTrial], step: int, search_space: dict[str, BaseDistribution]
) -> FrozenTrial | None:
    """The trial that `step` starts from: the best complete trial of an earlier step, the oldest of equals.

    Where there is none of an earlier step (the first trials failed or were pruned), the best of all complete ones; None
    where no trial is complete.
    """
    complete = [t for t in trials if t.state == TrialState.COMPLETE and search_space.keys() <= t.params.keys()]
    earlier = [t for t in complete if t.system_attrs.get(STEP_KEY, -1) < step]
    sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
    # A complete trial always has a value; `or 0.0` is for the type checker.
    return min(earlier or complete, key=lambda t: (sign * (t.value or 0.0), t.number), default=None)


__all__ = ["CGLDSampler", "GLDSampler"]
