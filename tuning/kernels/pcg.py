"""NumPy's `SeedSequence` and `PCG64`, compiled: the same random numbers, for many replays at once.

To make a `Generator` and pass it to compiled code takes some 40 microseconds, as long as a hundred trials. Both
algorithms are fixed, since NumPy guarantees that a bit generator's stream never changes: O'Neill, "PCG: A Family
of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number Generation", 2014 (the 128-bit variant
XSL-RR), and the entropy mixer of `numpy/random/bit_generator.pyx`.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tuning.kernels.compiling import compiled, compiled_part

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
ONE = np.uint64(1)
TO_DOUBLE = 1.0 / 9007199254740992.0
"""2⁻⁵³: a float64 is made from the upper 53 bits."""

POOL = 4


def words(number: int) -> list[int]:
    """`number`, 0 or more, as 32-bit words, the lowest first; at least one word."""
    found = [number & 0xFFFFFFFF]
    while number := number >> 32:
        found.append(number & 0xFFFFFFFF)
    return found


def streams(first: np.random.SeedSequence, repeats: range, purpose: tuple[int, ...] = ()) -> np.ndarray:
    """The states of PCG64 at the start of each repeat's stream, uint64 `[len(repeats), 4]`, for `uniform`.

    Args:
        first: the seed sequence of any repeat; the last number of its spawn key, the repeat's, is replaced.
        repeats: the numbers of the repeats, below 2³².
        purpose: the numbers after the repeat's in the spawn key, each below 2³².
    """
    entropy = words(int(first.entropy))  # type: ignore[arg-type]
    # As SeedSequence does: a spawn key must not look like more entropy, so entropy fills the pool first.
    entropy += [0] * (POOL - len(entropy))
    for key in first.spawn_key[:-1]:
        entropy += words(key)
    place = len(entropy)
    return _states(np.array([*entropy, 0, *purpose], np.uint32), place, repeats.start, len(repeats))


@compiled_part
def word(state: np.ndarray) -> np.uint64:
    """The next 64 bits of a stream; `state`, uint64 `[4]`, is advanced."""
    high, low = _stepped(state[0], state[1], state[2], state[3])
    state[0], state[1] = high, low
    turn = high >> np.uint64(58)
    mixed = high ^ low
    return (mixed >> turn) | (mixed << ((np.uint64(64) - turn) & np.uint64(63)))


@compiled_part
def uniform(state: np.ndarray) -> float:
    """The next `Generator.random()` of a stream, in [0, 1); `state`, uint64 `[4]`, is advanced."""
    return np.float64(word(state) >> np.uint64(11)) * TO_DOUBLE


@compiled_part
def pick(state: np.ndarray, count: int) -> int:
    """A uniform integer of 0..count−1, the same as `tuning.searchers.base.pick` gives."""
    return int(uniform(state) * count)


def _step_128(typing: Any, high: Any, low: Any, increment_high: Any, increment_low: Any) -> Any:
    """state · multiplier + increment, modulo 2¹²⁸, as (high, low): 128-bit arithmetic, which numba does not have."""
    words = (types.uint64,) * 4

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        word, wide = ir.IntType(64), ir.IntType(128)
        shift = ir.Constant(wide, 64)

        def join(high: ir.Value, low: ir.Value) -> ir.Value:
            return builder.or_(builder.shl(builder.zext(high, wide), shift), builder.zext(low, wide))

        product = builder.mul(join(args[0], args[1]), ir.Constant(wide, MULTIPLIER))
        state = builder.add(product, join(args[2], args[3]))
        halves = [builder.trunc(builder.lshr(state, shift), word), builder.trunc(state, word)]
        return context.make_tuple(builder, signature.return_type, halves)

    return types.UniTuple(types.uint64, 2)(*words), generate


_stepped: Any = intrinsic(_step_128)


@compiled
def _states(entropy: np.ndarray, place: int, first: int, count: int) -> np.ndarray:
    """States `[count, 4]`; the word of `entropy` at `place` is overwritten with each repeat's number."""
    states = np.empty((count, 4), np.uint64)
    for row in range(count):
        entropy[place] = np.uint32(first + row)
        seed = _generate(_mix(entropy))
        state = states[row]
        state[2] = (seed[2] << ONE) | (seed[3] >> np.uint64(63))
        state[3] = (seed[3] << ONE) | ONE
        # A step from state 0 gives the increment; the seed is added, and a second step follows.
        low = state[3] + seed[1]
        high = state[2] + seed[0] + (ONE if low < seed[1] else np.uint64(0))
        state[0], state[1] = _stepped(high, low, state[2], state[3])
    return states


@compiled
def _mix(entropy: np.ndarray) -> np.ndarray:
    """SeedSequence's pool, uint32 `[4]`."""
    pool = np.zeros(POOL, np.uint32)
    constant = np.uint32(0x43B0D7E5)
    for place in range(POOL):
        pool[place], constant = _hash(entropy[place] if place < len(entropy) else np.uint32(0), constant)
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                hashed, constant = _hash(pool[source], constant)
                pool[target] = _blend(pool[target], hashed)
    for source in range(POOL, len(entropy)):
        for target in range(POOL):
            hashed, constant = _hash(entropy[source], constant)
            pool[target] = _blend(pool[target], hashed)
    return pool


@compiled
def _hash(value: np.uint32, constant: np.uint32) -> tuple[np.uint32, np.uint32]:
    value = np.uint32(value ^ constant)
    constant = np.uint32((np.uint64(constant) * np.uint64(0x931E8875)) & LOW)
    value = np.uint32((np.uint64(value) * np.uint64(constant)) & LOW)
    return np.uint32(value ^ (value >> np.uint32(16))), constant


@compiled
def _blend(x: np.uint32, y: np.uint32) -> np.uint32:
    left = (np.uint64(0xCA01F9DD) * np.uint64(x)) & LOW
    right = (np.uint64(0x4973F715) * np.uint64(y)) & LOW
    result = np.uint32((left - right) & LOW)
    return np.uint32(result ^ (result >> np.uint32(16)))


@compiled
def _generate(pool: np.ndarray) -> np.ndarray:
    """SeedSequence's `generate_state(4, uint64)`."""
    constant = np.uint32(0x8B51F9DD)
    halves = np.empty(8, np.uint64)
    for place in range(8):
        value = np.uint32(pool[place % POOL] ^ constant)
        constant = np.uint32((np.uint64(constant) * np.uint64(0x58F38DED)) & LOW)
        value = np.uint32((np.uint64(value) * np.uint64(constant)) & LOW)
        halves[place] = np.uint64(np.uint32(value ^ (value >> np.uint32(16))))
    found = np.empty(4, np.uint64)
    for place in range(4):
        found[place] = halves[2 * place] | (halves[2 * place + 1] << HALF)
    return found
