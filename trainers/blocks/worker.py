"""One worker: locks one block after another, trains it, writes its result, until none are left."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from trainers.blocks.block import Block, Record, Result
from trainers.blocks.locks import locked
from trainers.blocks.saved_state import SavedState, State, epochs_done
from trainers.blocks.store import BlockStore, block_file


class Trainer(Protocol):
    """Trains a block, from a state that `on_epoch` once got or from the start; both end in the same result.

    `epochs` is how many that takes; `keeps_state` says whether the state after the last one is kept.
    """

    @property
    def epochs(self) -> int: ...

    @property
    def keeps_state(self) -> bool: ...

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result: ...

    def record(self) -> Record:
        """The record of the last block."""
        ...


class OutOfTime(BaseException):
    """The time limit came in the middle of a block; its state is saved. No error: nothing but the worker catches it."""


@dataclass
class Limit:
    """A time limit, and the time of a block here: nothing is started that would not end in time.

    Args:
        end: by `clock`; None for no limit.
        block_seconds: expected time of one block, at first an estimate, then the longest seen; None if unknown.
        clock: seconds, from anywhere.
    """

    end: float | None = None
    block_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic

    def allows(self, share: float = 1.0) -> bool:
        """Whether a block, or the `share` of it that is left, would end in time."""
        if self.end is None:
            return True
        now = self.clock()
        return now < self.end and now + share * (self.block_seconds or 0.0) <= self.end

    def saw(self, seconds: float) -> None:
        self.block_seconds = max(self.block_seconds or 0.0, seconds)


@dataclass
class Worker:
    """Trains the blocks of a store, next to any number of others.

    Args:
        limit: when to stop.
        say: gets one line where a person should know (a damaged state).
        advance: gets each block once its result is there, whoever trained it.
        on_epoch: gets a block that it trains, and how many of its epochs are done.
        save_every: seconds between two saved states of a block in training; `saved_state.SAVE_EVERY` unless given.
        pause: waits before it looks again at blocks that others are training; None for a worker that does not wait
            for them.
    """

    store: BlockStore
    train: Trainer
    limit: Limit = field(default_factory=Limit)
    say: Callable[[str], None] = print
    advance: Callable[[Block], None] = lambda block: None
    on_epoch: Callable[[Block, int], None] = lambda block, epochs: None
    save_every: float | None = None
    pause: Callable[[], None] | None = lambda: time.sleep(1.0)

    def run(self, blocks: Sequence[Block]) -> bool:
        """Work until every block is there (True), or no time is left for what is not (False).

        Blocks that others train are waited for, and taken over where their lock is released without a result.

        Raises:
            BadInput: the folder cannot be written.
        """
        missing = self._missing(blocks)
        while missing:
            tried, too_long = 0, 0
            for block in missing:
                if not self.limit.allows(self._share_missing(block)):
                    too_long += 1
                    continue
                with locked(self.store.lock(block.name)) as ours:
                    # Its last holder may have finished it between our look and our lock.
                    if ours and not self.store.is_done(block.name):
                        tried += 1
                        try:
                            self._train(block)
                        except OutOfTime:
                            return False
            missing = self._missing(missing)
            if missing and not tried:
                if too_long or self.pause is None:
                    return False
                self.pause()
        return True

    def _missing(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks that are not there; `advance` gets the others."""
        done = [self.store.is_done(block.name) for block in blocks]
        for block in (block for block, there in zip(blocks, done, strict=True) if there):
            self.advance(block)
        return [block for block, there in zip(blocks, done, strict=True) if not there]

    def _share_missing(self, block: Block) -> float:
        """The share of a block that is still to be trained, where that matters: under a time limit."""
        if self.limit.end is None:
            return 1.0
        return 1.0 - epochs_done(self.store.state(block.name)) / self.train.epochs

    def _train(self, block: Block) -> None:
        begun = self.limit.clock()
        saved = saved_state(self.store, block, self.say, self.save_every, self.limit.clock)

        def on_epoch(state: State) -> None:
            self.on_epoch(block, state.epoch)
            if state.epoch == self.train.epochs:
                if self.train.keeps_state:
                    saved.after_epoch(state, now=True)
                return  # the result itself comes next
            late = not self.limit.allows(share=0.0)
            saved.after_epoch(state, now=late)
            if late:
                raise OutOfTime

        with saved.when_interrupted():
            result = self.train(block, saved.load(), on_epoch)
        self.limit.saw(self.limit.clock() - begun)
        record = replace(self.train.record(), seconds=saved.seconds, resumed=saved.resumed)
        self.store.write(block.name, block_file(block.columns, result, record))
        if not self.train.keeps_state:
            saved.path.unlink(missing_ok=True)


def saved_state(
    store: BlockStore,
    block: Block,
    say: Callable[[str], None],
    every: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> SavedState:
    """The file of a block's state."""
    return SavedState(store.state(block.name), {"sweep": store.id, "shard": block.name}, say, every, clock)
