"""NumPy's `SeedSequence` for many replays at once, and its `PCG64` compiled: the same random numbers.

To make a `Generator` and pass it to compiled code takes some 40 microseconds, as long as a hundred trials. Both
algorithms are fixed, since NumPy guarantees that a bit generator's stream never changes: O'Neill, "PCG: A Family
of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number Generation", 2014 (the 128-bit variant
XSL-RR), and the entropy mixer of `numpy/random/bit_generator.pyx`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tuning.kernels.compiling import compiled_part

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
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
    pool, constants = _mixed(int(first.entropy), first.spawn_key[:-1])  # type: ignore[arg-type]
    numbers = np.arange(repeats.start, repeats.stop, dtype=np.uint64)
    seeds = _generate(_mix_in(list(pool), [numbers, *purpose], _constants(*constants)))
    return np.stack(_begun(*seeds), axis=1)


@lru_cache(maxsize=256)
def _mixed(entropy: int, key: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, int]]:
    """SeedSequence's pool of four words after the words that all repeats share, and the state of its hash function."""
    shared = words(entropy)
    # As SeedSequence does: a spawn key must not look like more entropy, so entropy fills the pool first.
    shared += [0] * (POOL - len(shared))
    for number in key:
        shared += words(number)
    factor = 0x931E8875
    constants = _constants(0x43B0D7E5, factor)
    pool = [_hash(word, constants) for word in shared[:POOL]]
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                pool[target] = _blend(pool[target], _hash(pool[source], constants))
    pool = _mix_in(pool, shared[POOL:], constants)
    return tuple(pool), (next(constants)[0], factor)


LOW = 0xFFFFFFFF
Words = Any
"""A 32-bit word: an int, the same for all repeats, or uint64 `[repeats]`."""


def _constants(constant: int, factor: int) -> Iterator[tuple[int, int]]:
    """The constants of SeedSequence's hash function: before and after each of its calls."""
    while True:
        following = constant * factor & LOW
        yield constant, following
        constant = following


def _hash(value: Words, constants: Iterator[tuple[int, int]]) -> Words:
    before, after = next(constants)
    value = (value ^ before) * after & LOW
    return value ^ value >> 16


def _blend(x: Words, y: Words) -> Words:
    result = x * 0xCA01F9DD - y * 0x4973F715 & LOW
    return result ^ result >> 16


def _mix_in(pool: list[Words], entropy: list[Words], constants: Iterator[tuple[int, int]]) -> list[Words]:
    """The pool with more words mixed in."""
    for word in entropy:
        for target in range(POOL):
            pool[target] = _blend(pool[target], _hash(word, constants))
    return pool


def _generate(pool: list[Words]) -> list[np.ndarray]:
    """SeedSequence's `generate_state(4, uint64)`: four arrays `[repeats]`."""
    constants = _constants(0x8B51F9DD, 0x58F38DED)
    halves = [_hash(pool[place % POOL], constants) for place in range(8)]
    return [halves[i] | halves[i + 1] << 32 for i in range(0, 8, 2)]


def _begun(high: np.ndarray, low: np.ndarray, stream_high: np.ndarray, stream_low: np.ndarray) -> list[np.ndarray]:
    """PCG64's state after seeding, as `uniform` takes it: the words of the state, then those of the increment."""
    increment_high, increment_low = stream_high << 1 | stream_low >> 63, stream_low << 1 | 1
    # A step from state 0 gives the increment; the seed is added, and a second step follows.
    high, low = _sum(high, low, increment_high, increment_low)
    factor_high, factor_low = MULTIPLIER >> 64, MULTIPLIER & (1 << 64) - 1
    product_high = _upper_half(low, factor_low) + low * factor_high + high * factor_low
    return [*_sum(product_high, low * factor_low, increment_high, increment_low), increment_high, increment_low]


def _sum(high: np.ndarray, low: np.ndarray, other_high: np.ndarray, other_low: np.ndarray) -> tuple[Any, Any]:
    """The sum of two 128-bit numbers, given and returned as two words of 64 bits."""
    total = low + other_low
    return high + other_high + (total < low), total


def _upper_half(x: np.ndarray, factor: int) -> np.ndarray:
    """The upper 64 bits of the product of two 64-bit numbers."""
    x_high, x_low, high, low = x >> 32, x & LOW, factor >> 32, factor & LOW
    middle = x_high * low + (x_low * low >> 32)
    return np.asarray(x_high * high + (middle >> 32) + ((middle & LOW) + x_low * high >> 32))


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
