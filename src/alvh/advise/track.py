"""The series of a run that its health on any evening is read from: flows, profits, costs.

Every row is known at the close of its session, so the track of a run stopped at an evening is the
first part of the track of the whole run. That is what lets a history of the health be made from
one long run.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.flows import MULTIPLIERS, Flows, sleeve_flows, trade_rows, variation
from alvh.kernel import codes
from alvh.result import Result

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Records = NDArray[np.void]


@dataclass(frozen=True)
class Track:
    """Series of one run, shape (n,) each; money in USD.

    Attributes
    ----------
    dates : ndarray of datetime64[D]
    nav, spx, rates : ndarray
        Account value, index level, money-market rate (continuous, act/365).
    hedge_pnl : ndarray
        Cumulative profit of all layers after their costs.
    hedge_value, hedge_margin : ndarray
        Options and baskets of the hedge at market, 0 or more, and the margin it ties up.
    condor_margin : ndarray
        Reg-T margin of the condors.
    flows : dict of str to ndarray
        Cash received less paid, by sleeve.
    payouts : ndarray
        What options and baskets of the hedge brought by monetisation and settlement.
    futures : ndarray
        Daily variation of the hedge's futures.
    premium, shortfall : dict of str to ndarray
        Of the session's option trades, ``condors`` and ``hedge``: premium in absolute value, and
        what the fills lost against the mid.
    """

    dates: Dates
    nav: Floats
    spx: Floats
    rates: Floats
    hedge_pnl: Floats
    hedge_value: Floats
    hedge_margin: Floats
    condor_margin: Floats
    flows: dict[str, Floats]
    payouts: Floats
    futures: Floats
    premium: dict[str, Floats]
    shortfall: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def hedge_capital(self) -> Floats:
        """Capital in the hedge, USD: its market value and its margin."""
        return self.hedge_value + self.hedge_margin

    def until(self, length: int) -> "Track":
        """Return the first ``length`` sessions, as the run that stopped there would give them."""
        parts: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, dict):
                parts[name] = {key: row[:length] for key, row in value.items()}
            else:
                parts[name] = value[:length]
        return Track(**parts)

    def flow(self, *sleeves: str) -> Flows:
        """Return the dated flows of some sleeves together."""
        return Flows(self.dates, np.sum([self.flows[name] for name in sleeves], axis=0))


def track_run(result: Result, days: Records) -> Track:
    """Read the series of a run.

    Parameters
    ----------
    result : Result
    days : ndarray of DAY, shape (n,)
        Records of the run's sessions.

    Returns
    -------
    Track
    """
    rows = trade_rows(result)
    hedge = rows[rows["sleeve"] != codes.CONDORS]
    gained = np.isin(hedge["action"], [codes.MONETISE, codes.SETTLE]) & (hedge["root"] != codes.VX)
    fills = rows[(rows["action"] != codes.SETTLE) & (rows["root"] <= codes.VIX)]
    sides = {
        "condors": fills[fills["sleeve"] == codes.CONDORS],
        "hedge": fills[fills["sleeve"] != codes.CONDORS],
    }
    n = len(result.dates)
    return Track(
        dates=result.dates,
        nav=result.nav,
        spx=days["spx"],
        rates=days["rate"],
        hedge_pnl=result.hedge_pnl(),
        hedge_value=np.maximum(result.hedge_value, 0.0),
        hedge_margin=result.hedge_margin,
        condor_margin=result.condor_margin,
        flows={name: sleeve_flows(result, days, name).amounts for name in codes.SLEEVES},
        payouts=_by_day(hedge[gained], -_worth(hedge[gained], "price"), n),
        futures=variation(hedge[hedge["root"] == codes.VX], days),
        premium={name: _by_day(part, np.abs(_worth(part, "price")), n)
                 for name, part in sides.items()},
        shortfall={name: _by_day(part, _worth(part, "price") - _worth(part, "mid"), n)
                   for name, part in sides.items()},
    )  # fmt: skip


def _worth(rows: Records, price: str) -> Floats:
    """Return signed contracts times a price, USD."""
    return np.asarray(rows["quantity"] * MULTIPLIERS[rows["root"]] * rows[price])


def _by_day(rows: Records, amounts: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(rows["day"], weights=amounts, minlength=n), dtype=np.float64)
