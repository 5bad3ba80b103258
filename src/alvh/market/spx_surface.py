"""From the closes of the VIX family to the S&P 500 smile of every day.

One row of numbers per day, each from data up to that day. VIX fixes the level: the variance strip
of the smile at 30 calendar days is VIX². VIX9D, VIX3M and VIX6M fix it at 9, 93 and 184 days;
where they are absent, ratios fitted to VIX and its recent history stand in. SKEW, the level of VIX
and what VVIX stands above its level given VIX choose the shape.

What is fitted, and to what, is stated beside each constant; ``calibration/spx_smile.py`` and
``calibration/spx_short_end.py`` make them again, and ``docs/calibration/spx.md`` says how well
they fit and what they miss.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel.records import SPX_SMILE
from alvh.kernel.spx_smile import (
    CLOCK_9,
    CLOCK_30,
    LOG_SHAPE_DAYS,
    NODE_DAYS,
    REST_DAY_WEIGHT,
    SHAPE,
    SHORT_RATE,
    YEAR,
    atm_variance,
)
from alvh.market.vix_surface import completed, credible_vvix
from alvh.sessions import sessions

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

# Shape coefficients a, b, c (rows) at 2, 30 and 180 days (blocks) on 1, (SKEW − 125)/10,
# ln(VIX/17) and the excess of ln VVIX. Pooled least squares on the quotes of thirteen chains: ten
# of April–July 2019, 2022-02-04, and the strips of Cboe's two VIX white papers.
SHAPE_LOADINGS = np.array(
    [
        [
            [-0.1538, 0.0269, 0.0354, 0.0008],
            [0.1151, 0.0022, -0.0748, -0.0409],
            [0.0059, 0.0418, -0.0003, -0.0206],
        ],
        [
            [-0.0740, 0.0570, -0.0382, -0.0545],
            [-0.0193, -0.0453, -0.0325, -0.0636],
            [0.1787, 0.1168, -0.0732, 0.0074],
        ],
        [
            [-0.0088, 0.0175, -0.0369, -0.0526],
            [-0.0803, -0.0092, -0.0217, 0.0076],
            [0.2834, 0.0494, -0.0150, 0.0425],
        ],
    ]
)
SKEW_RANGE = (110.0, 142.0)  # beyond what the chains show the shape is held
VIX_RANGE = (10.0, 66.0)
VVIX_RANGE = (-0.05, 0.63)  # of its excess; above 0.32 one day alone, 2020-03-20, says it goes on

# ln VVIX given VIX, on 1 and ln(VIX/17): least squares on closes of 2007–2018.
VVIX_GIVEN_VIX = (4.473, 0.097)

# SKEW published from 2018-10-26 to 2019-12-05 is two thirds of what the formula gives on the
# chains of those months (ten of ten days, ratio of the excess over 100 between 1.35 and 1.63),
# while 2014 and 2022 agree within a point.
SKEW_GAP = (np.datetime64("2018-10-26"), np.datetime64("2019-12-06"))
SKEW_GAP_FACTOR = 1.5
SKEW_TYPICAL = 125.0  # where SKEW has never been published
SKEW_CARRY = 10  # sessions for which the last SKEW stands in for a missing one

# ln(index/VIX) on 1, ln(VIX/17), ln(VIX) less its 21- and its 126-session exponential mean.
# Least squares on closes to 2018: VIX9D from 2011, VIX3M from 2009-09, VIX6M from 2008.
TERM_LOADINGS = np.array(
    [
        [-0.0383, 0.1032, 0.2689, 0.0580],
        [0.1114, -0.0954, -0.1351, -0.1903],
        [0.1862, -0.2091, -0.1154, -0.2885],
    ]
)
TERM_SPANS = (21, 126)

# Total variance grows from node to node at least by these factors, so that no calendar spread has
# a negative price where the shape changes with tenor. They bind on one day in sixty, all in crises.
LEAST_GROWTH = (1.5, 1.5, 1.4)

# Variance rate at the shortest end over the mean rate to nine days, on 1 and ln(VIX9D/VIX).
# At-the-money volatilities of expiries within nine days, chains of 2019 and 2022; condor credits
# give the same. The lower bound: where VIX9D stands far below VIX, tomorrow is not cheaper than
# the nine days by as much again. 2019-05-03, the one chain there, has 0.70 at the money and 0.78
# in condor credits; 0.65–0.75 serve the days left out equally well.
SHORT_LOADINGS = (1.11, 4.3)
SHORT_RANGE = (0.7, 1.9)


def spx_smile_parameters(
    *,
    dates: Dates,
    spx: Floats,
    vix: Floats,
    vix9d: Floats,
    vix3m: Floats,
    vix6m: Floats,
    skew: Floats,
    vvix: Floats,
    rate: Floats,
    dividend_yield: Floats,
    first: int = 0,
) -> Floats:
    """Return the smile vector of every day.

    Parameters
    ----------
    dates : datetime64[D] array (n,)
        Sessions, ascending.
    spx : array (n,)
        S&P 500 close, index points.
    vix, vix9d, vix3m, vix6m : array (n,)
        Closes in volatility points, NaN where absent.
    skew, vvix : array (n,)
        SKEW index, and VVIX in volatility points; NaN where absent.
    rate, dividend_yield : array (n,)
        Continuously compounded, decimal, act/365.
    first : int
        Row of the first smile that is wanted; rows before it have no variances.

    Returns
    -------
    float64 array (n, SPX_SMILE)
        See ``alvh.kernel.spx_smile``; a row of NaN where VIX is absent. Row t depends on rows up
        to t only.

    Examples
    --------
    >>> import numpy as np
    >>> absent, flat = np.full(1, np.nan), np.full(1, 0.02)
    >>> row = spx_smile_parameters(
    ...     dates=np.array(["2004-06-15"], "datetime64[D]"), spx=np.full(1, 1132.0),
    ...     vix=np.full(1, 15.05), vix9d=absent, vix3m=absent, vix6m=absent, skew=absent,
    ...     vvix=absent, rate=flat, dividend_yield=flat)
    >>> row.shape
    (1, 16)
    """
    level = np.asarray(vix, float)
    term = term_structure(level, np.stack([vix9d, vix3m, vix6m]))
    shape = smile_shape(level, published_skew(dates, skew), vvix_excess(dates, level, vvix))
    out = np.full((level.size, SPX_SMILE), np.nan)
    out[:, SHAPE:] = shape.reshape(level.size, -1)
    out[:, CLOCK_9] = node_clock(dates, int(NODE_DAYS[0]))
    out[:, CLOCK_30] = node_clock(dates, int(NODE_DAYS[1]))
    _fill_variances(out[first:], np.ascontiguousarray(term[:, first:]), _node_shapes(shape[first:]))
    with np.errstate(invalid="ignore"):
        ratio = SHORT_LOADINGS[0] + SHORT_LOADINGS[1] * np.log(term[0] / term[1])
        out[:, SHORT_RATE] = np.clip(ratio, *SHORT_RANGE) * out[:, 0] / out[:, CLOCK_9]
    out[~np.isfinite(level)] = np.nan
    return out


def term_structure(vix: Floats, others: Floats) -> Floats:
    """Return VIX-type indices at 9, 30, 93 and 184 days, modelled where absent.

    Parameters
    ----------
    vix : array (n,)
        Volatility points.
    others : array (3, n)
        VIX9D, VIX3M and VIX6M closes, NaN where absent.

    Returns
    -------
    float64 array (4, n)
        Volatility points, kept within calendar order of the strips.
    """
    modelled = vix * np.exp(TERM_LOADINGS @ term_features(vix))
    near, far, farthest = np.where(np.isfinite(others), others, modelled)
    near = np.minimum(near, vix * np.sqrt(30.0 / 9.0 / LEAST_GROWTH[0]))
    far = np.maximum(far, vix * np.sqrt(30.0 / 93.0 * LEAST_GROWTH[1]))
    farthest = np.maximum(farthest, far * np.sqrt(93.0 / 184.0 * LEAST_GROWTH[2]))
    return np.stack([near, vix, far, farthest])


def term_features(vix: Floats) -> Floats:
    """Return what the modelled term structure loads on, (4, n); see ``TERM_LOADINGS``."""
    log_vix = np.log(vix)
    features = [np.ones_like(vix), log_vix - np.log(17.0)]
    features += [log_vix - _exponential_mean(log_vix, span) for span in TERM_SPANS]
    return np.stack(features)


def published_skew(dates: Dates, skew: Floats) -> Floats:
    """Return SKEW as its formula would give it, without holes.

    A missing value takes the last one for ``SKEW_CARRY`` sessions, then the typical one; values
    of the months in which the publication runs low are raised.
    """
    days = np.asarray(dates, "datetime64[D]")
    value = np.asarray(skew, float)
    low = (days >= SKEW_GAP[0]) & (days < SKEW_GAP[1])
    value = np.where(low, 100.0 + SKEW_GAP_FACTOR * (value - 100.0), value)
    rows = np.arange(value.size)
    last = np.maximum.accumulate(np.where(np.isfinite(value), rows, -1))
    usable = (last >= 0) & (rows - last <= SKEW_CARRY)
    return np.where(usable, value[np.maximum(last, 0)], SKEW_TYPICAL)


def vvix_excess(dates: Dates, vix: Floats, vvix: Floats) -> Floats:
    """Return ln VVIX less what it is given VIX, shape (n,), without holes.

    Where VVIX is absent or no credible print the last excess fades; before any is known it is 0.
    """
    given = VVIX_GIVEN_VIX[0] + VVIX_GIVEN_VIX[1] * np.log(vix / 17.0)
    excess: Floats = completed(credible_vvix(dates, np.asarray(vvix, float)), given) - given
    return excess


def smile_shape(vix: Floats, skew: Floats, excess: Floats) -> Floats:
    """Return the shape coefficients of every day.

    Parameters
    ----------
    vix, skew, excess : array (n,)
        VIX in volatility points, SKEW as its formula gives it, excess of ln VVIX.

    Returns
    -------
    float64 array (n, 3, 3)
        Tenor (2, 30, 180 days) × (a, b, c).
    """
    features = np.stack(
        [
            np.ones_like(vix),
            (np.clip(skew, *SKEW_RANGE) - 125.0) / 10.0,
            np.log(np.clip(vix, *VIX_RANGE) / 17.0),
            np.clip(excess, *VVIX_RANGE),
        ]
    )
    shape: Floats = np.einsum("tcf,fn->ntc", SHAPE_LOADINGS, features)
    return shape


def node_clock(dates: Dates, days: int) -> Floats:
    """Return the variance clock that a VIX-type index sees ``days`` calendar days ahead.

    The index is interpolated in calendar time between expiries on Fridays (or the session before
    a holiday), so its clock runs evenly between the Friday before the horizon and the one after,
    whatever sessions the horizon itself cuts off.

    Parameters
    ----------
    dates : datetime64[D] array (n,)
    days : int
        Horizon, calendar days.

    Returns
    -------
    float64 array (n,)
        In sessions, see ``alvh.kernel.spx_smile.variance_clock``.
    """
    start = np.asarray(dates, "datetime64[D]").astype(np.int64)
    calendar = sessions().astype("datetime64[D]").astype(np.int64)
    horizon = start + days
    friday = horizon - (horizon - 1) % 7  # 1970-01-01 was a Thursday
    opened = np.searchsorted(calendar, start, "right")
    ends = np.searchsorted(calendar, np.stack([friday, friday + 7]), "right")
    expiry = calendar[ends - 1]
    elapsed = (ends - opened).astype(float)
    clock = elapsed + REST_DAY_WEIGHT * (expiry - start - elapsed)
    share = (horizon - expiry[0]) / (expiry[1] - expiry[0])
    mixed: Floats = clock[0] + (clock[1] - clock[0]) * share
    return mixed


def _exponential_mean(values: Floats, span: int) -> Floats:
    """Return the exponential mean of the values so far, passing over holes."""
    return np.asarray(_smooth(values, 2.0 / (span + 1.0)))


@njit(cache=True)
def _smooth(values: Floats, weight: float) -> Floats:
    out = np.empty(values.size)
    mean = np.nan
    for i in range(values.size):
        if np.isfinite(values[i]):
            mean = values[i] if np.isnan(mean) else mean + weight * (values[i] - mean)
        out[i] = mean
    return out


def _node_shapes(shape: Floats) -> Floats:
    """Return the shapes at the four term nodes, (n, 4, 3)."""
    knots = np.array(LOG_SHAPE_DAYS)
    weights = np.stack(
        [np.interp(np.log(NODE_DAYS), knots, unit) for unit in np.eye(knots.size)], axis=1
    )
    nodes: Floats = np.einsum("kt,ntc->nkc", weights, shape)
    return nodes


@njit(cache=True)
def _fill_variances(out: Floats, term: Floats, shapes: Floats) -> None:
    """Write the at-the-money variances whose strips are the squared indices.

    The 30-day node is exact whatever the others say: they give way where shapes that differ by
    tenor would let at-the-money variance fall with time.
    """
    for i in range(out.shape[0]):
        if not np.isfinite(term[1, i]):
            continue
        for j in range(4):
            strip = (0.01 * term[j, i]) ** 2 * NODE_DAYS[j] / YEAR
            out[i, j] = atm_variance(strip, shapes[i, j, 0], shapes[i, j, 1], shapes[i, j, 2])
        out[i, 0] = min(out[i, 0], out[i, 1] / LEAST_GROWTH[0])
        out[i, 2] = max(out[i, 2], out[i, 1] * LEAST_GROWTH[1])
        out[i, 3] = max(out[i, 3], out[i, 2] * LEAST_GROWTH[2])
