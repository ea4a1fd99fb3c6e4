"""16 floats side by side, as a value that numba can compute with; see :mod:`semjscc.compiled.lanes` for why.

``+``, ``-`` and ``*`` work between vectors, and with a float32, which stands for 16 of its kind. So the elementary
functions of :mod:`semjscc.compiled.functions` that are made of nothing else take vectors too.
"""

import operator
from collections.abc import Callable
from typing import no_type_check

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

LANES = 16
_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_VECTOR, _PLACES = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)


class Floats(types.Type):
    """The type, as numba sees it."""

    def __init__(self):
        super().__init__(name=f"float32x{LANES}")


_floats = Floats()


@register_model(Floats)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, seen):
        super().__init__(manager, seen, _VECTOR)


def _address(context, builder, signature, args):
    """Of the floats that begin at element ``args[1]`` of the contiguous array ``args[0]``."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), _VECTOR.as_pointer())


def _shuffled(builder, first, second, places: list[int]):
    return builder.shuffle_vector(first, second, ir.Constant(_PLACES, places))


def _filled(builder, value):
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, _INT(0))
    return _shuffled(builder, first, first, [0] * LANES)


@no_type_check
@intrinsic
def load(typing, array, at):
    """``array[at : at + 16]`` of a contiguous array of float32; bounds are not checked."""

    def build(context, builder, signature, args):
        value = builder.load(_address(context, builder, signature, args))
        value.align = 4
        return value

    return _floats(array, types.intp), build


@no_type_check
@intrinsic
def store(typing, array, at, value):
    """``array[at : at + 16] = value``."""

    def build(context, builder, signature, args):
        builder.store(args[2], _address(context, builder, signature, args)).align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp, _floats), build


@no_type_check
@intrinsic
def each(typing, array, at):
    """``array[at]`` on all lanes, likewise."""

    def build(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return _filled(builder, builder.load(builder.gep(data, [args[1]])))

    return _floats(array, types.intp), build


@no_type_check
@intrinsic
def fill(typing, value):
    """The same float on all lanes."""

    def build(context, builder, signature, args):
        return _filled(builder, args[0])

    return _floats(types.float32), build


def _placed(places: list[int]) -> Callable:
    """Lanes of two vectors, those of the second counted from 16 on."""

    @no_type_check
    @intrinsic
    def placed(typing, first, second):
        return _floats(_floats, _floats), lambda context, builder, signature, args: _shuffled(builder, *args, places)

    return placed


lower = _placed([i // 2 + i % 2 * LANES for i in range(LANES)])  # in turn from both, beginning with the first lanes
upper = _placed([(LANES + i) // 2 + i % 2 * LANES for i in range(LANES)])  # the rest
backward = _placed(list(range(LANES))[::-1])  # of the first, the last lane before the others
swapped = _placed([i ^ 1 for i in range(LANES)])  # of the first, neighbours in each other's place


def _operation(name: str) -> Callable:
    @no_type_check
    @intrinsic
    def operation(typing, a, b):
        def build(context, builder, signature, args):
            return getattr(builder, name)(*args, flags=("contract",))

        return _floats(_floats, _floats), build

    return operation


def _register(symbol: Callable, operation: Callable) -> None:
    @overload(symbol)
    def between(a, b):
        if isinstance(a, Floats) and isinstance(b, Floats):
            return lambda a, b: operation(a, b)
        if isinstance(a, Floats) and b == types.float32:
            return lambda a, b: operation(a, fill(b))
        if isinstance(b, Floats) and a == types.float32:
            return lambda a, b: operation(fill(a), b)
        return None


for _symbol, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _register(_symbol, _operation(_name))
