"""The innermost loops of convolutions, as LLVM code that keeps a tile of sums in registers.

Left to itself the compiler keeps such sums in memory. The code is written in LLVM's own vectors of `WIDTH` numbers,
which it translates for any processor; nothing here is particular to one.

The tiles' sizes suit 16 vector registers (AVX2): 12 sums, and the numbers that they are made of.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from trainers.engine.direct import LANES

WIDTH = 8
MOST_OUTS = 6
"""Outputs of a product's tile."""
MOST_ABOVE, MOST_BELOW = 4, 3
"""Outputs and inputs of a correlation's tile."""

_VECTORS = LANES // WIDTH
_INT = ir.IntType(64)
_ZERO, _ONE = ir.Constant(_INT, 0), ir.Constant(_INT, 1)


class _Emitter:
    """Loads, stores and products of vectors of one float type."""

    def __init__(self, context: Any, builder: Any, dtype: Any) -> None:
        self.context, self.builder = context, builder
        self.real = context.get_value_type(dtype)
        self.vector = ir.VectorType(self.real, WIDTH)
        suffix = "f32" if isinstance(self.real, ir.FloatType) else "f64"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self._multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{WIDTH}{suffix}")
        self._align = 4 if suffix == "f32" else 8

    def start(self, kind: Any, pair: Any, element: Any = None) -> Any:
        """The pointer to the element of an (array, offset)."""
        array, offset = cgutils.unpack_tuple(self.builder, pair, 2)
        return self.at(self.context.make_array(kind[0])(self.context, self.builder, array).data, offset, element)

    def at(self, pointer: Any, offset: Any, kind: Any = None) -> Any:
        """The pointer moved on by so many elements."""
        offset = ir.Constant(_INT, offset) if isinstance(offset, int) else offset
        return self.builder.gep(pointer, [offset], source_etype=kind or self.real)

    def load(self, pointer: Any) -> Any:
        return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self._align)

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, self.builder.bitcast(pointer, self.vector.as_pointer()), align=self._align)

    def spread(self, pointer: Any) -> Any:
        """One number in all places of a vector."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(nothing, self.builder.load(pointer), ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), None))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.call(self._multiply_add, [a, b, c])

    def loop(self, count: Any, start: Sequence[Any], body: Callable[[list[Any]], list[Any]]) -> list[Any]:
        """Run the body `count` ≥ 1 times, each on the values that the one before gave; the last one's values."""
        builder = self.builder
        before, inside = builder.block, builder.append_basic_block("loop")
        builder.branch(inside)
        builder.position_at_end(inside)
        index = builder.phi(_INT)
        values = [builder.phi(value.type) for value in start]
        following = body(list(values))
        done = builder.add(index, _ONE)
        end = builder.block
        for phi, first, later in zip([index, *values], [_ZERO, *start], [done, *following], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, end)
        after = builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", done, count), inside, after)
        builder.position_at_end(after)
        return following

    def switch(self, number: Any, most: int, emit: Callable[[int], None]) -> None:
        """Emit code for every number from 1 to `most`, of which that for `number` runs."""
        for each in range(1, most + 1):
            with self.builder.if_then(self.builder.icmp_signed("==", number, ir.Constant(number.type, each))):
                emit(each)


def _product(typing: Any, outs: Any, y: Any, x: Any, w: Any, step: Any, taps: Any, count: Any, channels: Any) -> Any:
    """Set y[o] `[outs, LANES]` to the sum, over taps and channels, of w[tap, channel, o] · x[tap, channel].

    Args:
        outs: 1 to `MOST_OUTS`.
        y, x, w: (array, offset of the first element) each.
        step: elements of w from one channel to the next.
        taps: (array, offset): pairs of int64, what to add to the offsets of x and of w for each tap.
        count, channels: how many, at least 1.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, (number, _, _, _, step, _, count, channels) = signature.args, args
        emit = _Emitter(context, builder, kinds[1][0].dtype)
        y, x, w = (emit.start(kinds[k], args[k]) for k in (1, 2, 3))
        taps = emit.start(kinds[5], args[5], _INT)

        def tile(outs: int) -> None:
            def channel(values: list[Any]) -> list[Any]:
                a, b, *sums = values
                images = [emit.load(emit.at(emit.at(x, a), v * WIDTH)) for v in range(_VECTORS)]
                weights = emit.at(w, b)
                for o in range(outs):
                    weight = emit.spread(emit.at(weights, o))
                    for v in range(_VECTORS):
                        at = o * _VECTORS + v
                        sums[at] = emit.multiply_add(weight, images[v], sums[at])
                return [builder.add(a, ir.Constant(_INT, LANES)), builder.add(b, step), *sums]

            def tap(values: list[Any]) -> list[Any]:
                at, *sums = values
                a, b = (builder.load(emit.at(taps, builder.add(at, ir.Constant(_INT, k)), _INT)) for k in (0, 1))
                return [builder.add(at, ir.Constant(_INT, 2)), *emit.loop(channels, [a, b, *sums], channel)[2:]]

            zero = ir.Constant(emit.vector, None)
            sums = emit.loop(count, [_ZERO, *[zero] * (outs * _VECTORS)], tap)[1:]
            for at, value in enumerate(sums):
                emit.store(value, emit.at(y, at * WIDTH))

        emit.switch(number, MOST_OUTS, tile)
        return context.get_dummy_value()

    return types.void(outs, y, x, w, step, taps, count, channels), code


def _correlation(
    typing: Any, outs: Any, ins: Any, sums: Any, g: Any, g_steps: Any, x: Any, x_steps: Any, rows: Any, columns: Any
) -> Any:
    """Add to sums[o, i] `[outs, ins, WIDTH]` g[o] · x[i] of every position of a rectangle, in `WIDTH` partial sums.

    Args:
        outs, ins: 1 to `MOST_ABOVE`, 1 to `MOST_BELOW`.
        sums, g, x: (array, offset of the first element) each; g `[outs, LANES]` and x `[ins, LANES]` of a position.
        g_steps, x_steps: elements from one row to the next and from one column to the next.
        rows, columns: of the rectangle, at least 1.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, (number, other, _, _, _, _, _, rows, columns) = signature.args, args
        emit = _Emitter(context, builder, kinds[2][0].dtype)
        sums, g, x = (emit.start(kinds[k], args[k]) for k in (2, 3, 5))
        (g_row, g_column), (x_row, x_column) = (cgutils.unpack_tuple(builder, args[k], 2) for k in (4, 6))

        def tile(outs: int, ins: int) -> None:
            def position(values: list[Any]) -> list[Any]:
                a, b, *partial = values
                for v in range(_VECTORS):
                    above = [emit.load(emit.at(emit.at(g, a), o * LANES + v * WIDTH)) for o in range(outs)]
                    below = [emit.load(emit.at(emit.at(x, b), i * LANES + v * WIDTH)) for i in range(ins)]
                    for at in range(outs * ins):
                        partial[at] = emit.multiply_add(above[at // ins], below[at % ins], partial[at])
                return [builder.add(a, g_column), builder.add(b, x_column), *partial]

            def row(values: list[Any]) -> list[Any]:
                a, b = values[:2]
                return [builder.add(a, g_row), builder.add(b, x_row), *emit.loop(columns, values, position)[2:]]

            places = [emit.at(sums, at * WIDTH) for at in range(outs * ins)]
            partial = emit.loop(rows, [_ZERO, _ZERO, *[emit.load(place) for place in places]], row)[2:]
            for value, place in zip(partial, places, strict=True):
                emit.store(value, place)

        emit.switch(number, MOST_ABOVE, lambda outs: emit.switch(other, MOST_BELOW, lambda ins: tile(outs, ins)))
        return context.get_dummy_value()

    return types.void(outs, ins, sums, g, g_steps, x, x_steps, rows, columns), code


def _copy_lanes(typing: Any, target: Any, source: Any) -> Any:
    """Copy `LANES` numbers; both are (array, offset of the first element)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit = _Emitter(context, builder, signature.args[0][0].dtype)
        to, come = (emit.start(kind, pair) for kind, pair in zip(signature.args, args, strict=True))
        for value, v in [(emit.load(emit.at(come, v * WIDTH)), v) for v in range(_VECTORS)]:
            emit.store(value, emit.at(to, v * WIDTH))
        return context.get_dummy_value()

    return types.void(target, source), code


product: Any = intrinsic(_product)
correlation: Any = intrinsic(_correlation)
copy_lanes: Any = intrinsic(_copy_lanes)
