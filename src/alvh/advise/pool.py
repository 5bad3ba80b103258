"""The layers as a weighted pool: what drift costs, what rebalancing costs, and the band between.

A pool that offers to trade at its last price whenever its weights are off gives value to whoever
trades against it: ½(Σwᵢσᵢ² − wᵀΣw) a year (`drift_rate`). A book that rebalances itself trades at
the new price and does not pay that; both that rate and the cost of trading would fall as it trades
less, so their sum has no least point. What grows when a book trades less is another loss: at
weights w in place of its own w* its growth falls short by ½(w − w*)ᵀΣ(w − w*), if w* is the mix it
wants. `band_curve` sets that drift loss beside the cost of rebalancing, band by band, and finds
the band with the least sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import LAYERS
from alvh.advise.flows import MULTIPLIERS, layer_values, trade_rows
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.measures import SESSIONS_PER_YEAR
from alvh.result import Result

Floats = NDArray[np.float64]

BANDS = np.round(
    np.concatenate([[0.0], np.arange(0.01, 0.205, 0.01), np.arange(0.25, 0.61, 0.05)]), 2
)
LEAST_SESSIONS = 60


def drift_rate(weights: Floats, covariance: Floats) -> float:
    """Return what a pool held to fixed weights gives away a year, fraction of its value.

    ½(Σwᵢσᵢ² − wᵀΣw). For two assets it is w(1 − w)σ²/2 with σ the volatility of their ratio, and
    σ²/8 for equal halves.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        They sum to 1.
    covariance : ndarray, shape (n, n)
        Of returns, per year.

    References
    ----------
    Milionis, Moallemi, Roughgarden and Zhang (2022), "Automated Market Making and
    Loss-Versus-Rebalancing", section 3, for the pool; Fernholz (2002), "Stochastic Portfolio
    Theory", eq. 1.1.13, for the same expression as excess growth.
    """
    return float(0.5 * (weights @ np.diag(covariance) - weights @ covariance @ weights))


def pool_shortfall(weights: Floats, growth: Floats) -> float:
    """Return by what fraction a pool of fixed weights ends below holding, after one move.

    1 − Πgᵢ^wᵢ / Σwᵢgᵢ, never negative; also called impermanent loss.

    Parameters
    ----------
    weights, growth : ndarray, shape (n,)
        Weights, and the price of each asset after the move over that before.
    """
    return float(1.0 - np.prod(growth**weights) / (weights @ growth))


def two_asset_band(weight: float, half_spread: float) -> float:
    """Return the band of least loss for two assets that are traded back to their weights.

    b* = (12·h·w²(1 − w)²)^⅓. The weight diffuses at s = w(1 − w)σ, σ the volatility of the ratio.
    Between returns to the target it is triangular on ±b, so its mean square is b²/6 and the drift
    loss σ²b²/12; it reaches the band s²/b² times a year and then 2b is traded at h: 2hs²/b. The
    volatility cancels.

    Parameters
    ----------
    weight : float
        Of the first asset, 0 to 1.
    half_spread : float
        Cost of trading one USD of either, fraction.
    """
    return float((12.0 * half_spread * (weight * (1.0 - weight)) ** 2) ** (1.0 / 3.0))


@dataclass(frozen=True)
class TradingCost:
    """What trading costs, by asset.

    Attributes
    ----------
    half_spread : ndarray, shape (n,)
        Lost per USD traded: half the spread and the fees, fraction.
    contract : ndarray, shape (n,)
        USD of one contract.
    depth : float
        Contracts shown at the touch; the price worsens by 1 + q/depth. Infinite: not at all.
    """

    half_spread: Floats
    contract: Floats
    depth: float = np.inf

    def of(self, traded: Floats, value: float) -> Floats:
        """Return the cost of trades, fraction of the pool's value, shape (m,).

        Parameters
        ----------
        traded : ndarray, shape (m, n)
            Fractions of the pool's value, unsigned.
        value : float
            USD in the pool.
        """
        contracts = traded * value / self.contract
        return np.asarray((traded * self.half_spread * (1.0 + contracts / self.depth)).sum(axis=1))


@dataclass(frozen=True)
class BandCurve:
    """Loss by band, shape (m,) each; fractions of the pool's value a year.

    Attributes
    ----------
    bands : ndarray
        Deviation of a weight that is let pass, fraction of the pool.
    drift_loss : ndarray
        Mean of ½(w − w*)ᵀΣ(w − w*).
    cost : ndarray
        Of rebalancing.
    trades : ndarray
        Rebalancings a year.
    growth : ndarray
        Realised log growth a year, before costs: what the path made of it, drift of the layers
        included, which no covariance knows.
    """

    bands: Floats
    drift_loss: Floats
    cost: Floats
    trades: Floats
    growth: Floats

    @property
    def total(self) -> Floats:
        """Drift loss and cost together."""
        return self.drift_loss + self.cost

    @property
    def best(self) -> float:
        """The band of the least total."""
        return float(self.bands[np.argmin(self.total)])


def band_curve(
    returns: Floats,
    weights: Floats,
    costs: TradingCost,
    value: float,
    bands: Floats = BANDS,
    confirmations: int = 1,
) -> BandCurve:
    """Walk a pool along a path of returns under every band.

    Weights drift with the returns. Once one is off by more than the band on ``confirmations``
    sessions in a row, all are traded back to target.

    Parameters
    ----------
    returns : ndarray, shape (n, k)
        Simple returns per session of every asset.
    weights : ndarray, shape (k,)
        Target; they sum to 1.
    costs : TradingCost
    value : float
        USD in the pool, for the size of trades.
    bands : ndarray, shape (m,)
    confirmations : int

    Returns
    -------
    BandCurve

    Raises
    ------
    DataError
        If a weight is negative, they do not sum to 1, or the pool loses everything.
    """
    if (weights < 0.0).any() or abs(weights.sum() - 1.0) > 1e-9:
        raise DataError(f"weights {weights.tolist()} were given; none below 0, 1 in all was wanted")
    covariance = np.atleast_2d(np.cov(returns.T)) * SESSIONS_PER_YEAR
    held, waited = np.tile(weights, (len(bands), 1)), np.zeros(len(bands), dtype=int)
    lost, paid, trades, growth = (np.zeros(len(bands)) for _ in range(4))
    for move in returns:
        factor = 1.0 + held @ move
        if (factor <= 0.0).any():
            raise DataError("the pool lost everything on one session; its returns are not a pool's")
        growth += np.log(factor)
        held = held * (1.0 + move) / factor[:, None]
        off = held - weights
        lost += 0.5 * np.einsum("ij,jk,ik->i", off, covariance, off)
        waited = np.where(np.abs(off).max(axis=1) > bands, waited + 1, 0)
        due = waited >= confirmations
        paid[due] += costs.of(np.abs(off[due]), value)
        trades += due
        held[due], waited[due] = weights, 0
    per_year = SESSIONS_PER_YEAR / len(returns)
    # the drift loss is a rate already: its mean over the sessions
    return BandCurve(
        bands, lost / len(returns), paid * per_year, trades * per_year, growth * per_year
    )


@dataclass(frozen=True)
class Pool:
    """The layers of one run as a pool.

    Attributes
    ----------
    layers : tuple of str
    weights : ndarray, shape (k,)
        Target.
    covariance : ndarray, shape (k, k)
        Of the layers' daily returns, per year.
    drift_rate : float
        Fraction of the pool's value a year; see `drift_rate`.
    costs : TradingCost
        As the run's own fills give them.
    value : float
        Mean value of the layers together, USD.
    sessions : int
        On which all layers held something, and which everything here rests on.
    curve : BandCurve
    """

    layers: tuple[str, ...]
    weights: Floats
    covariance: Floats
    drift_rate: float
    costs: TradingCost
    value: float
    sessions: int
    curve: BandCurve


def pool(
    result: Result,
    weights: Mapping[str, float],
    *,
    depth: float = np.inf,
    bands: Floats = BANDS,
    confirmations: int = 1,
) -> Pool:
    """Read the layers of a run as a weighted pool.

    A layer's return is its profit at mid over its value at the close before; futures count with
    the full value of their contracts. Sessions on which a layer held nothing are left out.

    Parameters
    ----------
    result : Result
    weights : mapping of str to float
        Target by layer, as in the policy; they sum to 1.
    depth : float
        Contracts shown at the touch.
    bands, confirmations
        As for `band_curve`.

    Returns
    -------
    Pool

    Raises
    ------
    DataError
        If fewer than two layers have a weight, or they were held together on fewer than 60
        sessions.
    """
    names = tuple(name for name in LAYERS if weights.get(name, 0.0) > 0.0)
    if len(names) < 2:
        raise DataError(
            f"a pool needs two layers with a weight; there was {', '.join(names) or 'none'}"
        )
    places = [LAYERS.index(name) for name in names]
    values = layer_values(result)[places]
    returns, held = layer_returns(result, values, places)
    if len(returns) < LEAST_SESSIONS:
        raise DataError(
            f"the layers {', '.join(names)} were held together on {len(returns)} sessions; at "
            f"least {LEAST_SESSIONS} were wanted; choose a longer run or a larger budget"
        )
    target = np.array([weights[name] for name in names])
    costs = _trading_cost(result, places, depth)
    value = float(values[:, held].sum(axis=0).mean())
    covariance = np.atleast_2d(np.cov(returns.T)) * SESSIONS_PER_YEAR
    return Pool(
        layers=names,
        weights=target,
        covariance=covariance,
        drift_rate=drift_rate(target, covariance),
        costs=costs,
        value=value,
        sessions=len(returns),
        curve=band_curve(returns, target, costs, value, bands, confirmations),
    )


def layer_returns(
    result: Result, values: Floats, places: list[int]
) -> tuple[Floats, NDArray[np.intp]]:
    """Return (simple returns, shape (m, k); rows of the closes they start from, shape (m,)).

    Only sessions that began with something in every layer.
    """
    profit = np.diff(result.daily["pnl"][:, 1:][:, places], axis=0)
    held = np.flatnonzero((values[:, :-1] > 0.0).all(axis=0))
    return profit[held] / values[:, held].T, held


def _trading_cost(result: Result, places: list[int], depth: float) -> TradingCost:
    """Average the run's own fills: loss per USD traded, and USD per contract, by layer."""
    rows = trade_rows(result)
    rows = rows[rows["action"] != codes.SETTLE]
    spreads, contracts = [], []
    for place in places:
        mine = rows[rows["sleeve"] == codes.SHORT + place]
        size = mine["quantity"] * MULTIPLIERS[mine["root"]]
        traded = float(np.abs(size * mine["mid"]).sum())
        lost = float((size * (mine["price"] - mine["mid"])).sum() + mine["fees"].sum())
        spreads.append(lost / traded)
        contracts.append(traded / float(np.abs(mine["quantity"]).sum()))
    return TradingCost(np.array(spreads), np.array(contracts), depth)
