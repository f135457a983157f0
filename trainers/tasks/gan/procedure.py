"""Adversarial learning: a generator and a discriminator, each with its own state of the same rule, hinge loss."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from grids.errors import BadInput, unknown
from trainers.engine.stack import Buffers, TensorLayout, VmapStacked, initial
from trainers.inputs import Inputs
from trainers.order import augment_generator, endless_batches, latent_generator
from trainers.procedures.base import Hyper, Outcome, Size
from trainers.procedures.loop import StepLoop
from trainers.procedures.supervised import COPIES, EVALUATION, STATISTICS, activations
from trainers.procedures.update import clipped
from trainers.rules.base import Rule, sizes_of
from trainers.rules.cells import numbers_in_state, select_cells
from trainers.task import Dataset, Task
from trainers.tasks.gan.frechet import Judge
from trainers.tasks.gan.network import Gan
from trainers.tasks.gan.task import GanData, GanTask, evaluation_latents, judge_of

JUDGED = 0.2
"""Batches of judging as `Size` counts them, each a third of a step, for a batch of generated images: a forward pass of
the generator and one of the features, where a step of two discriminator updates has some twenty passes."""

PASSES = 3
"""Forward passes whose activations are kept at the same time, at most: real and fake in an update of the discriminator,
generator and discriminator in one of the generator; and room for what is being computed."""


class Player(NamedTuple):
    """One of the two networks, and its rule's state."""

    params: Tensor
    buffers: Buffers
    rule: Any


class State(NamedTuple):
    """Both networks of every cell."""

    generator: Player
    discriminator: Player


class Adversarial(StepLoop):
    """Two networks, two states of one rule; cells of the same seed share real batches and latent vectors.

    A generator step comes after `discriminator_steps` of the discriminator, each on a fresh real and a fresh generated
    batch, passed separately through its batch norm (Lim & Ye 2017, arXiv:1705.02894, the hinge loss):

    - discriminator: mean relu(1 − D(x)) + mean relu(1 + D(G(z)));
    - generator: −mean D(G(z)).

    Images for the evaluation are generated in evaluation mode, by batch norm's running statistics. The training loss is
    the discriminator's in its last update, averaged over steps: 2 where it cannot distinguish real from generated
    images, 0 where it always can.

    An epoch is a point of the curve. There is no faster backend than `vmap`: none knows these networks.

    Raises:
        BadInput: the data have no judge, or there are too few images for a batch.
    """

    task: GanTask

    def prepare(self, data: Dataset) -> None:
        """Bring the images and their judge to the device."""
        self.task = _gan_task(self.task)
        if self.backend not in (None, "vmap"):
            raise ValueError(f"{self.backend} does not know every layer of these networks")
        if len(data.train_x) < self.task.batch_size:
            few, size = len(data.train_x), self.task.batch_size
            raise BadInput(f"task '{self.task.name}': {few} training images do not fill one batch of {size}")
        self.judge: Judge = judge_of(data).to(self.device)
        self.train_x = data.train_x.to(self.device)
        self.inputs = Inputs(data, self.device, self.dtype)
        self.latent: int
        self.generator: VmapStacked
        self.discriminator: VmapStacked

    def start(self, seeds: Tensor) -> State:
        """Every cell starts from the two networks of its seed."""
        made, params, buffers = initial(self.task.network, seeds, self.device, self.dtype)
        assert isinstance(made, Gan)
        self.latent = made.latent
        self._refuse_draws(made)
        self.generator, self.discriminator = VmapStacked(made.generator), VmapStacked(made.discriminator)
        sizes = [sum(sizes_of(one.layout.shapes)) for one in (self.generator, self.discriminator)]
        players = [
            Player(
                own.contiguous(),
                {name.removeprefix(prefix): b for name, b in buffers.items() if name.startswith(prefix)},
                self.rule.init(own.contiguous(), stacked.layout.shapes),
            )
            for own, prefix, stacked in zip(
                params.split(sizes, dim=1),
                ("generator.", "discriminator."),
                (self.generator, self.discriminator),
                strict=True,
            )
        ]
        return State(*players)

    def _refuse_draws(self, made: Gan) -> None:
        """Raises BadInput where the networks draw random numbers in training: cells of several seeds would mix."""

        def run() -> None:
            made.discriminator(made.generator(torch.zeros(2, self.latent, device=self.device, dtype=self.dtype)))

        made.train()
        with torch.no_grad():
            if self.draws.happen(run):
                raise BadInput(
                    f"task '{self.task.name}': its networks draw random numbers in training (dropout); a GAN's may "
                    "only have its latent vectors"
                )

    def _forward(
        self, network: VmapStacked, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool
    ) -> Tensor:
        """Outputs `[cells, batch, ...]`; inputs `[1, batch, ...]` where all cells share them."""
        with torch.autocast(self.device.type, self.autocast, self.autocast is not None, cache_enabled=False):
            return network(params, buffers, inputs, training).to(self.dtype)

    def train(self, state: State, hyper: Hyper, seeds: Tensor, epoch: int) -> tuple[State, Outcome]:
        """See `Procedure`."""
        steps = self.task.steps
        factors = self.task.schedule.factors(epoch, self.epochs, steps)
        given = self.batches_of(seeds, epoch)
        with self.draws.of_epoch(seeds, epoch, draws=False):
            recordable = self.device.type == "cuda" and not self.rule.by_value
            state, total = (self.replay_steps if recordable else self.run_steps)(state, hyper, factors, given)
        # A sum stays non-finite once it is, so this latches every step; a last bad update shows in the parameters.
        finite = total.isfinite()
        for player in state:
            finite = finite & player.params.abs().amax(dim=1).isfinite()
        return state, Outcome(total / steps, finite)

    def batches_of(self, seeds: Tensor, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The real batches `[1|cells, updates, batch, ...]` and the latent vectors of each generator step.

        The latter are `[1|cells, updates + 1, batch, latent]`, the last being the generator's own.
        """
        distinct, place = torch.unique(seeds, return_inverse=True)
        place = place.to(self.device)
        streams = [self._stream(int(seed), epoch) for seed in distinct]
        for pairs in zip(*streams, strict=True):
            if len(pairs) == 1:
                yield pairs[0][0].unsqueeze(0), pairs[0][1].unsqueeze(0)
            else:
                yield torch.stack([x for x, _ in pairs])[place], torch.stack([z for _, z in pairs])[place]

    def _stream(self, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """One seed's steps of an epoch."""
        updates, size = self.task.discriminator_steps, self.task.batch_size
        count = self.task.steps * updates
        order = endless_batches(len(self.train_x), size, seed, epoch * count, count).to(self.device)
        flips, latents = (draw(seed, epoch, self.device) for draw in (augment_generator, latent_generator))
        for batches in order.split(updates):
            images = self.train_x[batches.flatten()]
            if self.task.augment is not None:
                images = self.task.augment(images, flips)
            z = torch.randn(updates + 1, size, self.latent, generator=latents, device=self.device)
            yield self.inputs(images).unflatten(0, (updates, size)), z.to(self.dtype)

    def step(self, state: State, inputs: Tensor, targets: Tensor, hyper: Hyper) -> tuple[State, Tensor]:
        """One generator step of every cell, after the discriminator's; and the latter's last loss `[cells]`.

        Inputs are real images and targets latent vectors, as `batches_of` gives them.
        """
        images, latents = inputs, targets
        generator, discriminator = state
        for update in range(self.task.discriminator_steps):
            with torch.no_grad():
                fakes = self._forward(self.generator, *generator[:2], latents[:, update], training=True)
            params = discriminator.params.detach().requires_grad_()

            def score(inputs: Tensor, params: Tensor = params, buffers: Buffers = discriminator.buffers) -> Tensor:
                return self._forward(self.discriminator, params, buffers, inputs, training=True).flatten(1)

            losses = (1 - score(images[:, update])).relu().mean(dim=1) + (1 + score(fakes)).relu().mean(dim=1)
            discriminator = self._updated(discriminator, params, losses, hyper)
        params = generator.params.detach().requires_grad_()
        fakes = self._forward(self.generator, params, generator.buffers, latents[:, -1], training=True)
        scores = self._forward(self.discriminator, *discriminator[:2], fakes, training=True)
        own = -scores.flatten(1).mean(dim=1)
        generator = self._updated(generator, params, own, hyper)
        return State(generator, discriminator), losses.detach() + 0.0 * own.detach()  # not finite where either is not

    def _updated(self, player: Player, params: Tensor, losses: Tensor, hyper: Hyper) -> Player:
        """The player after a step of the rule along its losses' gradients; no cell's numbers touch another's."""
        (grads,) = torch.autograd.grad(losses.sum(), params)
        with torch.no_grad():
            if self.task.clip is not None:
                grads = clipped(grads, self.task.clip)
            moved, state = self._step(player.params, grads, player.rule, hyper)
        return Player(moved, player.buffers, state)

    @torch.no_grad()
    def evaluate(self, state: State) -> Outcome:
        """The Fréchet distance of images from latent vectors that never change."""
        generator = self._judged(state.generator)
        cells, (channels, height, width) = len(generator.params), self.judge.features.shape
        moments = self.judge.moments(cells)
        finite = torch.ones(cells, dtype=torch.bool, device=self.device)
        latents = evaluation_latents(self.judge.images, self.latent).to(self.device, self.dtype)
        for z in latents.split(EVALUATION * self.task.batch_size):
            images = self._forward(self.generator, *generator[:2], z.unsqueeze(0), training=False)
            finite &= images.flatten(1).isfinite().all(dim=1)
            features = self.judge.features_of(images.reshape(-1, channels, height, width))
            moments.add(features.unflatten(0, (cells, len(z))))
        found = self.judge.distance(moments)
        return Outcome(found, finite & found.isfinite())

    def _judged(self, generator: Player) -> Player:
        """The generator at the parameters that the rule is evaluated at, where they differ from those in training.

        Batch norm's statistics belong to the parameters: they are gathered anew, on a copy.
        """
        if self.rule.evaluated_at is None:
            return generator
        params = self.rule.evaluated_at(generator.params, generator.rule)
        judged = Player(params, {name: b.clone() for name, b in generator.buffers.items()}, generator.rule)
        latents = evaluation_latents(STATISTICS * self.task.batch_size, self.latent).to(self.device, self.dtype)
        for z in latents.split(self.task.batch_size) if judged.buffers else ():
            self._forward(self.generator, *judged[:2], z.unsqueeze(0), training=True)
        return judged

    def numbers(self, state: State, hyper: Hyper) -> dict[str, Tensor]:
        """The rule's numbers of both states: the generator's under their names, the other's as `discriminator_NAME`."""
        return {
            f"{prefix}{name}": read(player.rule, hyper)
            for prefix, player in zip(("", "discriminator_"), state, strict=True)
            for name, read in self.rule.numbers.items()
        }

    def keep(self, state: State, which: Tensor) -> State:
        """See `Procedure`."""
        return State(*(_kept(player, which) for player in state))

    @classmethod
    def check_backend(cls, task: Task, data: Dataset, device: torch.device, backend: str) -> None:
        """See `Procedure`."""
        if backend not in ("vmap",):
            raise unknown("backend of this task", backend, ("vmap",))

    @classmethod
    def bytes_of_cell(cls, task: Task, data: Dataset, rule: Rule, precision: torch.dtype) -> int:
        """Both networks' parameters, their rule's states, and what batches leave for the backward pass."""
        with torch.device("meta"):
            made = task.network()
        assert isinstance(made, Gan)
        latents = torch.empty(task.batch_size, made.latent, device="meta")
        numbers, passes = 0, []
        inputs = latents
        for network in (made.generator, made.discriminator):
            shapes = TensorLayout(network).shapes
            numbers += COPIES * sum(sizes_of(shapes)) + numbers_in_state(rule, shapes)
            passes.append(activations(network, inputs))
            inputs = _output(network, inputs)
        element = torch.empty(0, dtype=precision).element_size()
        return 4 * numbers + PASSES * max(passes) * element

    @classmethod
    def size(cls, task: Task, data: Dataset) -> Size:
        """See `Procedure`."""
        judged = judge_of(data).images / task.batch_size
        return Size(task.batch_size, _gan_task(task).steps, JUDGED * judged)

    @classmethod
    def part(cls, task: Task, data: Dataset, size: Size) -> tuple[Task, Dataset]:
        """See `Procedure`."""
        assert isinstance(data, GanData)
        images = max(2, round(size.evaluation * size.batch / JUDGED))
        cut = replace(data, judge=replace(data.judge, images=min(images, data.judge.images)))
        known = replace(task.metric, failure=task.metric.resolved(data).failure_value)
        return replace(_gan_task(task), batch_size=size.batch, steps=size.steps, metric=known), cut


def _gan_task(task: Task) -> GanTask:
    """Raises BadInput for a task of another kind."""
    if not isinstance(task, GanTask):
        raise BadInput(
            f"task '{task.name}': adversarial learning needs a trainers.tasks.gan.task.GanTask, not a "
            f"{type(task).__name__}"
        )
    return task


def _kept(player: Player, which: Tensor) -> Player:
    buffers = {name: b[which] for name, b in player.buffers.items()}
    return Player(player.params[which], buffers, select_cells(player.rule, which))


def _output(network: nn.Module, inputs: Tensor) -> Tensor:
    return torch.as_tensor(network(inputs))
