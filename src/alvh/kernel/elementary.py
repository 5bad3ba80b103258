"""The elementary functions of the option formula: exp, ln, ln of a ratio, and Mills' ratio.

They are polynomials without branches, library calls or tables, so that the compiler can put
several arguments into one vector register. Every fused multiply-add is spelled out and nothing may
be reassociated: an argument has the same value, to the last bit, in a scalar call and at any
place of an array loop.

References
----------
Shepherd, M. M. and Laframboise, J. G. (1981). Chebyshev approximation of (1+2x)exp(x²)erfc(x) in
0 ≤ x < ∞. Math. Comp. 36, 249-253. The coefficients are made by calibration/black_coefficients.py.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

DEVIATION_CAP = 37.5  # beyond it exp(−d²/2) leaves the normal numbers: probability 1e-307

_MILLS_CENTRE = 5.25
# (1 + d)·N(−d)·exp(d²/2) in powers of q = (d − 5.25)/(d + 5.25); relative error 5.7e-17
_MILLS = (
    0.45930144282933044,
    -0.08996869142390301,
    0.03382818312581111,
    0.005958151992661844,
    -0.023979891587176602,
    0.024646782627424764,
    -0.01689857619191983,
    0.008429645204301922,
    -0.0029020032894741627,
    0.0004891760068929229,
    0.00011182831901674126,
    -9.162712204015608e-05,
    1.3073348175509843e-05,
    8.233232696094561e-06,
    -3.4012159887358227e-06,
    -5.542778075842629e-07,
    5.586714894936278e-07,
    2.350288836801429e-08,
    -8.404274628402984e-08,
    6.833081060154552e-10,
    1.11638102391122e-08,
    -2.429427347163982e-10,
    -9.296115968651971e-10,
    1.7235807124151163e-11,
)
# exp(r) for r in ±ln(2)/2; relative error 1.6e-17
_EXP = (
    1.0,
    1.0,
    0.5000000000000019,
    0.16666666666666702,
    0.04166666666648808,
    0.008333333333309526,
    0.0013888888952318045,
    0.00019841269909219843,
    2.480148547921643e-05,
    2.755722495611072e-06,
    2.7632640675430235e-07,
    2.5114870219497476e-08,
)
# (2·atanh(w)/w − 2)/w² in powers of w², w² ≤ 0.0405; relative error 5.6e-17
_ATANH = (
    0.6666666666666666,
    0.40000000000008584,
    0.2857142856699017,
    0.22222223095267832,
    0.181817339902509,
    0.15389011410216824,
    0.13206913214351643,
    0.1363028871301461,
)
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 32 bits: a multiple of it by any exponent is exact
_LN2_LOW = 1.9082149292705877e-10
_ROUNDER = 6755399441055744.0  # 1.5 · 2^52: adding it leaves the nearest integer in the low bits
_EXPONENT_ROUNDER = 1 << 51  # half a unit of the exponent field
_BIAS = 1023


def _emit_fma(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(_target: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


def _emit_bits(_typing: Any, x: Any) -> Any:
    def generate(_target: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _emit_from_bits(_typing: Any, n: Any) -> Any:
    def generate(_target: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


def _emit_chains_of_two(_typing: Any, x: Any, y: Any) -> Any:
    lanes = ir.VectorType(ir.DoubleType(), 8)

    def constant(low: int) -> ir.Constant:
        return ir.Constant(lanes, [*_MILLS[low : low + 4]] * 2)

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        fma = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(lanes, [lanes] * 3), "llvm.fma.v8f64"
        )
        both = ir.Constant(lanes, ir.Undefined)
        for lane in range(8):
            both = builder.insert_element(both, args[lane // 4], ir.IntType(32)(lane))
        value = constant(20)
        for low in (16, 12, 8, 4, 0):
            value = builder.call(fma, [value, both, constant(low)])
        parts = [builder.extract_element(value, ir.IntType(32)(lane)) for lane in range(8)]
        return target.make_tuple(builder, signature.return_type, parts)

    eight = types.UniTuple(types.float64, 8)  # type: ignore[no-untyped-call]
    return eight(types.float64, types.float64), generate


#: a·b + c rounded once: the hardware instruction, the same in scalar and vector code
fma = cast(Callable[[float, float, float], float], intrinsic(_emit_fma))
_bits = cast(Callable[[float], int], intrinsic(_emit_bits))
_from_bits = cast(Callable[[int], float], intrinsic(_emit_from_bits))
_chains_of_two = cast(Callable[[float, float], tuple[float, ...]], intrinsic(_emit_chains_of_two))

inner = njit(cache=True, error_model="numpy", forceinline=True)


@inner
def exponential(x: float) -> float:
    """exp(x) for x in [−708, 709]."""
    shifted = fma(x, _LOG2_E, _ROUNDER)
    n = shifted - _ROUNDER
    r = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    p0 = fma(fma(_EXP[8], r4, _EXP[4]), r4, _EXP[0])
    p1 = fma(fma(_EXP[9], r4, _EXP[5]), r4, _EXP[1])
    p2 = fma(fma(_EXP[10], r4, _EXP[6]), r4, _EXP[2])
    p3 = fma(fma(_EXP[11], r4, _EXP[7]), r4, _EXP[3])
    p = fma(fma(p3, r, p2), r2, fma(p1, r, p0))
    # a product, not an addition to the exponent field: NaN must stay NaN
    return p * _from_bits((_bits(shifted) + _BIAS) << 52)


@inner
def log_ratio(low: float, high: float) -> float:
    """ln(low/high) to a relative 1e-15, however close the two are.

    `high` is scaled by the power of two that brings the ratio into [2/3, 3/2]; where no scaling
    is needed the difference in the numerator is exact.
    """
    k = (_bits(low) - _bits(high) + _EXPONENT_ROUNDER) >> 52
    scaled = high * _from_bits((k + _BIAS) << 52)
    w = (low - scaled) / (low + scaled)
    u = w * w
    u2 = u * u
    even = fma(fma(fma(_ATANH[6], u2, _ATANH[4]), u2, _ATANH[2]), u2, _ATANH[0])
    odd = fma(fma(fma(_ATANH[7], u2, _ATANH[5]), u2, _ATANH[3]), u2, _ATANH[1])
    n = _from_bits(_bits(_ROUNDER) + k) - _ROUNDER
    return fma(n, _LN2_HIGH, fma(n, _LN2_LOW, fma(w * u, fma(odd, u, even), 2.0 * w)))


@inner
def logarithm(x: float) -> float:
    """ln(x) of a positive normal number to a relative 1e-15."""
    return log_ratio(x, 1.0)


@inner
def mills(d: float) -> float:
    """N(−d)·exp(d²/2) for d ≥ 0: half the scaled complementary error function of d/√2."""
    r = 1.0 / ((d + _MILLS_CENTRE) * (d + 1.0))
    q = (d - _MILLS_CENTRE) * ((d + 1.0) * r)
    q2 = q * q
    q4 = q2 * q2
    p0 = fma(fma(_MILLS[20], q4, _MILLS[16]), q4, _MILLS[12])
    p1 = fma(fma(_MILLS[21], q4, _MILLS[17]), q4, _MILLS[13])
    p2 = fma(fma(_MILLS[22], q4, _MILLS[18]), q4, _MILLS[14])
    p3 = fma(fma(_MILLS[23], q4, _MILLS[19]), q4, _MILLS[15])
    p0 = fma(fma(fma(p0, q4, _MILLS[8]), q4, _MILLS[4]), q4, _MILLS[0])
    p1 = fma(fma(fma(p1, q4, _MILLS[9]), q4, _MILLS[5]), q4, _MILLS[1])
    p2 = fma(fma(fma(p2, q4, _MILLS[10]), q4, _MILLS[6]), q4, _MILLS[2])
    p3 = fma(fma(fma(p3, q4, _MILLS[11]), q4, _MILLS[7]), q4, _MILLS[3])
    return fma(fma(p3, q, p2), q2, fma(p1, q, p0)) * ((d + _MILLS_CENTRE) * r)


@inner
def mills_of_two(d: float, e: float) -> tuple[float, float]:
    """`mills` of two arguments, their eight Horner chains side by side: for scalar callers."""
    rd = 1.0 / ((d + _MILLS_CENTRE) * (d + 1.0))
    re = 1.0 / ((e + _MILLS_CENTRE) * (e + 1.0))
    qd = (d - _MILLS_CENTRE) * ((d + 1.0) * rd)
    qe = (e - _MILLS_CENTRE) * ((e + 1.0) * re)
    d2, e2 = qd * qd, qe * qe
    a0, a1, a2, a3, b0, b1, b2, b3 = _chains_of_two(d2 * d2, e2 * e2)
    return (
        fma(fma(a3, qd, a2), d2, fma(a1, qd, a0)) * ((d + _MILLS_CENTRE) * rd),
        fma(fma(b3, qe, b2), e2, fma(b1, qe, b0)) * ((e + _MILLS_CENTRE) * re),
    )
