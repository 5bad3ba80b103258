"""The user's own book put where a run's book stands: whatever one is asked, it can be asked.

What its fills come to is restored as the engine's book, by the function with which a session is
decided, and marked at the same close. What the rules cannot read (a position of no sleeve, a condor
with a leg missing) is valued all the same: SPX options and the index among the condors, everything
on VIX in the short layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.account import Account
from alvh.advise.convexity import Activation, LayerCarry, activation, carry_split, payoff_grid
from alvh.advise.evening import Evening
from alvh.advise.instrument import Instrument, parse_instrument
from alvh.advise.restore import Rules, restore
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.desk.book import Book
from alvh.desk.entries import UNASSIGNED
from alvh.desk.marking import Marked, fill_leg, mark, mark_leg
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD, DEFAULT_FILL, backtest
from alvh.holdings import Holdings, holdings
from alvh.kernel import codes
from alvh.kernel.layers import layers_value
from alvh.kernel.revalue import LEG
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy, policy_hash

Records = NDArray[np.void]
_ON_SPX = frozenset({"SPX", "SPXW", "INDEX"})
_LEAST_EQUITY = 1.0  # USD; a book that is worth nothing is still looked at


@dataclass(frozen=True)
class OwnBook:
    """A book of fills on one evening.

    Attributes
    ----------
    evening : Evening
        As of a run that ended with this book; `alvh.project` and `alvh.replay` take it.
    marked : Marked
        Every position at its mid, by the sleeve that the file says.
    condor_margin, hedge_margin : float
        Reg-T of the condors, and what the hedge ties up, USD; of what the rules can read.
    faults : tuple of str
        What the rules cannot read, in words.
    meta : dict
        Names and hashes: policy, programme, data, book, code; the fill.
    """

    evening: Evening
    marked: Marked
    condor_margin: float
    hedge_margin: float
    faults: tuple[str, ...]
    meta: dict[str, Any]


@dataclass(frozen=True)
class LayerReadings:
    """What the layers of a book pay and cost; see `alvh.advise.health.Health` for each part."""

    as_of: date
    nav: float
    vix: float
    layers: dict[str, LayerCarry]
    activation: dict[str, Activation]
    payoff: NDArray[np.float64]


def own_book(
    history: History,
    book: Book,
    policy: HedgePolicy,
    programme: CondorProgramme,
    as_of: date | None = None,
    fill: float = DEFAULT_FILL,
) -> OwnBook:
    """Put a book of fills beside the market of an evening.

    Parameters
    ----------
    history : History
    book : Book
    policy, programme
        By which it would run on; positions and marks do not depend on them.
    as_of : datetime.date, optional
        Session; the last of the history without it.
    fill : float
        As for ``alvh.backtest``; for running on.

    Returns
    -------
    OwnBook

    Raises
    ------
    DataError
        If the session has no prices, or something held has expired by it.
    """
    marked, surfaces = mark(history, book, as_of), build_surfaces(history)
    row = int(np.searchsorted(surfaces.dates, np.datetime64(marked.as_of)))
    account = book.account(marked.as_of)
    rules = _rules(policy, programme, account, fill)
    day, quotes = surfaces.days[row], surfaces.quotes
    restored = restore(account, rules, day, quotes)
    before: date = surfaces.dates[max(row - 1, 0)].astype(object)
    equity = max(marked.nav, _LEAST_EQUITY)
    empty = backtest(history, "none", "none", before, marked.as_of, equity, fill)
    meta = empty.meta | {
        "hedge": policy.name, "programme": programme.name, "policy_hash": rules.policy_hash,
        "programme_hash": rules.programme_hash, "book": book.name, "book_digest": account.digest,
    }  # fmt: skip
    result = replace(empty, book=restored, meta=meta)
    evening = Evening(result, surfaces, row, _with_rest(holdings(result), marked, day, quotes))
    return OwnBook(
        _with_carry(evening), marked,
        sum(condor.margin for condor in evening.book.condors),
        float(layers_value(day, restored.cohorts)[1]), account.faults, meta,
    )  # fmt: skip


def layer_readings(own: OwnBook, stress_spx: float) -> LayerReadings:
    """Read what the layers of a book pay and cost, with a named stress of the S&P 500 (decimal)."""
    evening = own.evening
    return LayerReadings(
        evening.as_of, evening.book.nav, evening.vix, carry_split(evening, stress_spx),
        activation(evening), payoff_grid(evening),
    )  # fmt: skip


def _rules(
    policy: HedgePolicy, programme: CondorProgramme, account: Account, fill: float
) -> Rules:  # fmt: skip
    terms = compile_account(1.0, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
    terms["equity"] = account.cash
    return Rules(
        *compile_hedge(policy), compile_programme(programme, fill), terms, policy_hash(policy),
        policy_hash(programme),
    )  # fmt: skip


def _with_rest(book: Holdings, marked: Marked, day: Any, quotes: Records) -> Holdings:
    """Return the restored book with its worth, and with the positions that rules cannot read."""
    told = dict[tuple[str, str], float]()
    for leg in book.legs:
        instrument = Instrument(leg.root, leg.expiry, leg.put_call, np.nan_to_num(leg.strike))
        told[leg.sleeve, _name(instrument)] = leg.quantity + told.get(
            (leg.sleeve, _name(instrument)), 0.0
        )
    rest = list(_untold(marked, told, day, quotes))
    records = np.concatenate([book.records, *rest]) if rest else book.records
    return replace(book, nav=marked.nav, cash=marked.cash, records=records)


def _name(instrument: Instrument) -> str:
    """Return an instrument's root, expiry, right and strike as one word: SPX and SPXW apart."""
    return f"{instrument.root} {instrument.expiry} {instrument.put_call} {instrument.strike:g}"


def _untold(
    marked: Marked, told: dict[tuple[str, str], float], day: Any, quotes: Records
) -> Iterator[Records]:
    for leg in marked.legs:
        instrument = parse_instrument(leg.symbol)
        left = leg.quantity - told.get((leg.sleeve, _name(instrument)), 0.0)
        if left == 0.0:
            continue
        record = np.zeros(1, LEG)
        fill_leg(record[0], instrument, left, marked.as_of)
        mark_leg(day, quotes, record[0])
        sleeve = leg.sleeve if leg.sleeve != UNASSIGNED else _nearest(instrument)
        record["sleeve"] = codes.SLEEVES.index(sleeve)
        yield record


def _nearest(instrument: Instrument) -> str:
    return codes.SLEEVES[0 if instrument.root in _ON_SPX else 1]


def _with_carry(evening: Evening) -> Evening:
    """Return the evening with what every layer gains in a day of an unchanged market."""
    gains = evening.gains(1, np.zeros(1), np.zeros(1))[0]
    layers = tuple(
        replace(layer, carry_per_day=float(gains[evening.in_sleeve(layer.name)].sum()))
        for layer in evening.book.layers
    )
    return replace(evening, book=replace(evening.book, layers=layers))
