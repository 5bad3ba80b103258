"""Dated cash flows of a sleeve, and the rates of return that they imply.

The trade log holds every fill and settlement; a future's daily variation, which no log holds, is
made again from its position and the curve. Flows and what is held at the end add up to the
sleeve's profit after costs, to the cent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.roots import root
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier
from alvh.kernel.vix_curve import vix_forward
from alvh.result import Result

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Records = NDArray[np.void]

MULTIPLIERS = np.array([float(multiplier(root)) for root in range(len(codes.ROOTS))])  # USD a point
_DAYS = 365.0  # a year of XIRR, as spreadsheets have it
_LOG_RATES = np.linspace(np.log(1e-4), np.log(1e3), 241)  # −99.99 % to +99,900 % a year


@dataclass(frozen=True)
class Flows:
    """Cash received (positive) and paid, by session.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Sessions of the run.
    amounts : ndarray, shape (n,)
        USD; zero on most sessions.
    """

    dates: Dates
    amounts: Floats

    def ending_with(self, value: float) -> "Flows":
        """Return the flows with ``value`` USD received on the last session besides."""
        amounts = self.amounts.copy()
        amounts[-1] += value
        return Flows(self.dates, amounts)

    @property
    def sign_changes(self) -> int:
        """How often the flow turns from paying to receiving or back."""
        signs = np.sign(self.amounts[self.amounts != 0.0])
        return int((signs[1:] != signs[:-1]).sum())


@dataclass(frozen=True)
class Rate:
    """A rate of return per year, or why there is none.

    Attributes
    ----------
    value : float
        Decimal per year; NaN where there is none.
    reason : str
        Why it is NaN; empty otherwise.
    sign_changes : int
        Of the flows; above 1, more than one rate may solve them.
    """

    value: float
    reason: str = ""
    sign_changes: int = 0

    @property
    def ambiguous(self) -> bool:
        """Whether the flows change sign more than once."""
        return self.sign_changes > 1


def trade_rows(result: Result) -> Records:
    """Return the kernel's trade log of a run, one fill or settlement a row."""
    rows: Records = result.logs.trades[: result.counts["trades"]]
    return rows


def sleeve_flows(result: Result, days: Records, *sleeves: str) -> Flows:
    """Return the cash flows of some sleeves taken together.

    Parameters
    ----------
    result : Result
    days : ndarray of DAY, shape (n,)
        Records of the run's sessions, for the marks that futures are settled to every day.
    *sleeves : str
        Among ``condors``, ``short``, ``medium``, ``tail``.

    Returns
    -------
    Flows
        Premiums, fees, sales and settlements, and futures by their variation.
    """
    rows = trade_rows(result)
    rows = rows[np.isin(rows["sleeve"], [codes.SLEEVES.index(name) for name in sleeves])]
    amounts = np.zeros(len(result.dates))
    np.add.at(amounts, rows["day"], -rows["fees"])
    paid = rows[rows["root"] != codes.VX]
    size = paid["quantity"] * MULTIPLIERS[paid["root"]]
    np.add.at(amounts, paid["day"], -size * paid["price"])
    amounts += variation(rows[rows["root"] == codes.VX], days)
    return Flows(result.dates, amounts)


def variation(rows: Records, days: Records) -> Floats:
    """Return the daily cash of futures positions, USD, shape (n,).

    Parameters
    ----------
    rows : ndarray of TRADE
        Trades and settlements of futures.
    days : ndarray of DAY, shape (n,)

    Returns
    -------
    ndarray
        The change of the mark times what was held over night, and the distance of every fill from
        the mark of its close.
    """
    amounts = np.zeros(len(days))
    for expiry in np.unique(rows["expiry"]):
        for sleeve in np.unique(rows["sleeve"][rows["expiry"] == expiry]):
            mine = rows[(rows["expiry"] == expiry) & (rows["sleeve"] == sleeve)]
            _add_contract(amounts, mine, days, int(expiry))
    return amounts


def _add_contract(amounts: Floats, rows: Records, days: Records, expiry: int) -> None:
    held, mark = 0.0, 0.0
    first, last = int(rows["day"][0]), int(rows["day"][-1])
    place = 0
    for t in range(first, len(days)):
        if t > last and held == 0.0:
            return
        traded = place < len(rows) and rows["day"][place] == t
        if not traded and days[t]["tradable"] == 0:
            continue
        # a settlement, or the one trade of a close, stands at its own mark
        level = float(rows["mid"][place]) if traded else _forward(days[t], expiry)
        amounts[t] += held * 1000.0 * (level - mark)
        mark = level
        while place < len(rows) and rows["day"][place] == t:
            quantity = float(rows["quantity"][place])
            amounts[t] -= quantity * 1000.0 * (float(rows["price"][place]) - mark)
            held += quantity
            place += 1


def _forward(day: Any, expiry: int) -> float:
    return float(
        vix_forward(
            day["curve_expiry"], day["curve_forward"], float(day["vix"]), int(day["date"]), expiry
        )
    )


def xirr(flows: Flows) -> Rate:
    """Return the yearly rate at which the flows are worth nothing.

    Solves Σ aᵢ / (1 + r)^(dᵢ/365) = 0, d in calendar days from the first flow, by Brent's method
    between the changes of sign on a grid of rates.

    Parameters
    ----------
    flows : Flows

    Returns
    -------
    Rate
        NaN where no rate between −99.99 % and 99,900 % solves it, or more than one does.

    References
    ----------
    Brent (1973), "Algorithms for Minimization without Derivatives", ch. 4. The convention of 365
    days is that of the XIRR function of spreadsheets.
    """
    changes = flows.sign_changes
    used = flows.amounts != 0.0
    if not used.any():
        return Rate(float("nan"), "there are no flows")
    if changes == 0:
        return Rate(float("nan"), "all flows have one sign")
    amounts = flows.amounts[used] / np.abs(flows.amounts[used]).sum()
    years = (flows.dates[used] - flows.dates[used][0]).astype(float) / _DAYS

    def worth(log_rate: float) -> float:
        # weighed from the later end at negative rates, so that nothing overflows
        shift = years[-1] if log_rate < 0.0 else 0.0
        return float(amounts @ np.exp(-log_rate * (years - shift)))

    grid = np.array([worth(x) for x in _LOG_RATES])
    turns = np.flatnonzero(np.sign(grid[1:]) * np.sign(grid[:-1]) < 0)
    roots = [root(worth, _LOG_RATES[i], _LOG_RATES[i + 1], 1e-13) for i in turns]
    roots += [float(x) for x, value in zip(_LOG_RATES, grid, strict=True) if value == 0.0]
    if not roots:
        return Rate(float("nan"), "no rate solves the flows", changes)
    if len(roots) > 1:
        found = ", ".join(f"{np.expm1(root):.1%}" for root in sorted(roots))
        return Rate(float("nan"), f"more than one rate solves the flows: {found}", changes)
    return Rate(float(np.expm1(roots[0])), "", changes)


def mirr(flows: Flows, finance: float, reinvest: float) -> Rate:
    """Return the modified internal rate of return per year.

    (FV of what was received at ``reinvest`` / PV of what was paid at ``finance``)^(1/years) − 1,
    years of 365 days from the first flow to the last session.

    Parameters
    ----------
    flows : Flows
    finance, reinvest : float
        Effective rates per year, decimal: at which payments are financed and receipts invested.

    Returns
    -------
    Rate
        −1 where nothing was ever received; NaN where nothing was paid or no time passed.

    References
    ----------
    Lin (1976), "The Modified Internal Rate of Return and Investment Criterion", The Engineering
    Economist 21(4); the formula of the MIRR function of spreadsheets.
    """
    used = flows.amounts != 0.0
    if not used.any():
        return Rate(float("nan"), "there are no flows")
    first = flows.dates[used][0]
    years = (flows.dates - first).astype(float) / _DAYS
    span = float(years[-1])
    paid = -np.minimum(flows.amounts, 0.0) @ (1.0 + finance) ** -years
    received = np.maximum(flows.amounts, 0.0) @ (1.0 + reinvest) ** (span - years)
    changes = flows.sign_changes
    if paid <= 0.0:
        return Rate(float("nan"), "nothing was paid", changes)
    if span <= 0.0:
        return Rate(float("nan"), "no time has passed", changes)
    return Rate(float((received / paid) ** (1.0 / span) - 1.0), "", changes)


def layer_values(result: Result) -> Floats:
    """Return the market value of each layer at every close, USD, shape (3, n).

    Profit at mid plus everything bought less everything sold at mid, which is what is held at mid.
    Futures count with the full value of their contracts.
    """
    rows = trade_rows(result)
    values = result.daily["pnl"][:, 1:].T.copy()
    bought = rows["quantity"] * MULTIPLIERS[rows["root"]] * rows["mid"]
    for layer in range(codes.LAYERS):
        mine = rows["sleeve"] == codes.SHORT + layer
        steps = np.zeros(len(result.dates))
        np.add.at(steps, rows["day"][mine], bought[mine])
        values[layer] += np.cumsum(steps)
    return values
