"""64 small integers side by side, as a value that numba can compute with: one instruction does for 64 code blocks.

Numba vectorises plain loops, but keeps what such a loop carries from one turn to the next in memory. As values of the
type ``int8x64`` the running minima of a check node stay in registers, which made the decoder twice as fast. LLVM splits
the type into what the processor has: one register of AVX-512, two of AVX2, four of NEON or SSE2.

"""

from typing import no_type_check

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

LANES = 64
_BYTE, _WORD = ir.IntType(8), ir.IntType(LANES)
_VECTOR, _FLAGS = ir.VectorType(_BYTE, LANES), ir.VectorType(ir.IntType(1), LANES)
_ZERO = ir.Constant(_VECTOR, None)


class Lanes(types.Type):
    """The type, as numba sees it."""

    def __init__(self):
        super().__init__(name=f"int8x{LANES}")


_lanes = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, seen):
        super().__init__(manager, seen, _VECTOR)


def _address(context, builder, signature, args):
    """Of the lanes that begin at element ``args[1]`` of the byte array ``args[0]``."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), _VECTOR.as_pointer())


@no_type_check
@intrinsic
def load(typing, array, at):
    """``array[at : at + 64]`` of a contiguous array of int8; bounds are not checked."""

    def build(context, builder, signature, args):
        value = builder.load(_address(context, builder, signature, args))
        value.align = 1
        return value

    return _lanes(array, types.intp), build


@no_type_check
@intrinsic
def store(typing, array, at, value):
    """``array[at : at + 64] = value``."""

    def build(context, builder, signature, args):
        builder.store(args[2], _address(context, builder, signature, args)).align = 1
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), build


@no_type_check
@intrinsic
def fill(typing, value):
    """The same number on all lanes."""

    def build(context, builder, signature, args):
        first = builder.insert_element(_ZERO, args[0], ir.IntType(32)(0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, first, everywhere)

    return _lanes(types.int8), build


@no_type_check
@intrinsic
def signs(typing, value):
    """A bit for each lane, the lowest for the first: whether it is negative."""

    def build(context, builder, signature, args):
        return builder.bitcast(builder.icmp_signed("<", args[0], _ZERO), _WORD)

    return types.uint64(_lanes), build


@no_type_check
@intrinsic
def spread(typing, bits):
    """-1 on the lanes whose bit is set, 0 on the others: the inverse of :func:`signs`."""

    def build(context, builder, signature, args):
        return builder.sext(builder.bitcast(args[0], _FLAGS), _VECTOR)

    return _lanes(types.uint64), build


@no_type_check
@intrinsic
def where_equal(typing, a, b, yes, no):
    """``yes`` where ``a == b``, ``no`` elsewhere."""

    def build(context, builder, signature, args):
        return builder.select(builder.icmp_signed("==", args[0], args[1]), args[2], args[3])

    return _lanes(_lanes, _lanes, _lanes, _lanes), build


@no_type_check
@intrinsic
def where_negative(typing, a, yes, no):
    """``yes`` where ``a < 0``, ``no`` elsewhere."""

    def build(context, builder, signature, args):
        return builder.select(builder.icmp_signed("<", args[0], _ZERO), args[1], args[2])

    return _lanes(_lanes, _lanes, _lanes), build


@no_type_check
@intrinsic
def scaled(typing, a, factor):
    """``a`` times ``factor`` / 256, rounded down, for an ``a`` that is not negative and a ``factor`` of at most 256."""

    def build(context, builder, signature, args):
        wide = ir.VectorType(ir.IntType(16), LANES)
        first = builder.insert_element(
            ir.Constant(wide, None), builder.trunc(args[1], ir.IntType(16)), ir.IntType(32)(0)
        )
        factors = builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
        product = builder.mul(builder.sext(args[0], wide), factors)
        return builder.trunc(builder.lshr(product, ir.Constant(wide, [8] * LANES)), _VECTOR)

    return _lanes(_lanes, types.intp), build


@no_type_check
@intrinsic
def xor(typing, a, b):
    """Bit by bit; of signs: negative where one of two is."""
    return _lanes(_lanes, _lanes), lambda context, builder, signature, args: builder.xor(*args)


@no_type_check
@intrinsic
def either(typing, a, b):
    """Bit by bit; of signs: negative where any is."""
    return _lanes(_lanes, _lanes), lambda context, builder, signature, args: builder.or_(*args)


def _binary(name: str):
    """LLVM's intrinsic function ``llvm.<name>`` of two vectors."""

    @no_type_check
    @intrinsic
    def operation(typing, a, b):
        def build(context, builder, signature, args):
            known = builder.module.globals.get(f"llvm.{name}.v{LANES}i8")
            kind = ir.FunctionType(_VECTOR, (_VECTOR, _VECTOR))
            return builder.call(known or ir.Function(builder.module, kind, f"llvm.{name}.v{LANES}i8"), args)

        return _lanes(_lanes, _lanes), build

    return operation


plus, minus = _binary("sadd.sat"), _binary("ssub.sat")  # saturating at -128 and 127
smaller, larger = _binary("smin"), _binary("smax")
