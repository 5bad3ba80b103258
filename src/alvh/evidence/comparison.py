"""The comparison: every hedge against its unhedged twin and against simply selling fewer condors.

Three terms of comparison stand beside each other. At *preset* sizes each hedge is what its policy
says. At equal *carry* every hedge is scaled until it would lose the same per year in an unchanged
market as the reference hedge does, relative to the average account value. At equal *outlay* it is
scaled until the same share of the account is tied up in it on average. Fewer condors are the same
in all three: the unhedged book, cut down to the monthly tail of the reference hedge's book.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from alvh import measures as m
from alvh.errors import AlvhError, DataError, PolicyError
from alvh.evidence import verdict
from alvh.evidence.comparators import (
    COMPARATORS,
    FEWER,
    REFERENCE,
    Hedge,
    load_hedges,
    pick_reference,
)
from alvh.evidence.crises import covered, crisis_returns, crisis_table
from alvh.evidence.curves import CurvePoint, FillPoint, fill_points, hedge_curve, size_curve
from alvh.evidence.intervals import Resampling, paired_differences
from alvh.evidence.matching import Match
from alvh.evidence.rows import Row, Run, measure_row, plain
from alvh.evidence.workbench import (
    RATES,
    Backtest,
    Workbench,
    equalise,
    fewer_condors,
    monthly_risk,
)
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.policy.loader import load_programme

Progress = Callable[[int, int, str], None]
BASES = ("preset", "carry", "outlay")


@dataclass(frozen=True)
class Comparison:
    """Everything a comparison found. Made by `compare`.

    Attributes
    ----------
    equal : {"preset", "carry", "outlay"}
        The basis that was asked for.
    reference : str
        Name of the hedge that the others are made equal to, and whose runs are shown in full.
    twin : Result
        The unhedged run.
    results : dict of str to dict of str to Result
        By basis, then by name of the hedge.
    rows : dict of str to tuple of Row
        By basis.
    curve : tuple of CurvePoint
        Every hedge at 0 to 3 times its preset size, and the unhedged book at 0.1 to 1 times its.
    fills : tuple of FillPoint
        The reference hedge and its twin at fills 0, 0.5 and 1.
    refused : tuple of (str, str, str)
        Comparators that could not be run: name, basis, reason.
    resampling : Resampling or None
        How intervals were made; None where there was too little data for any.
    seed : int
        Of the resampling.
    history : History
        The market the runs were made on.
    """

    equal: str
    reference: str
    twin: Run
    results: dict[str, dict[str, Run]]
    rows: dict[str, tuple[Row, ...]]
    curve: tuple[CurvePoint, ...]
    fills: tuple[FillPoint, ...]
    refused: tuple[tuple[str, str, str], ...]
    resampling: Resampling | None
    seed: int
    history: Any

    @property
    def headline(self) -> Run:
        """The reference hedge's run at its preset size."""
        return self.results["preset"][self.reference]

    def row(self, name: str, basis: str | None = None) -> Row:
        """Return the row of one hedge on one basis, by default the one asked for.

        Raises
        ------
        DataError
            If there is no such row; the message lists those that exist.
        """
        rows = self.rows[basis or self.equal]
        found = next((row for row in rows if row.name == name), None)
        if found is None:
            names = ", ".join(row.name for row in rows)
            raise DataError(f"no row {name!r} in this comparison; there are {names}")
        return found

    def table(self, basis: str | None = None) -> pl.DataFrame:
        """Return the rows of a basis, by default the one asked for, one column per measure.

        Returns
        -------
        polars.DataFrame
            Columns as `Row` names them; fractions, USD where the name says P&L or losses.
        """
        rows = [row.flat() for row in self.rows[basis or self.equal]]
        return pl.DataFrame(rows, infer_schema_length=None)

    def crises(self) -> pl.DataFrame:
        """Return the reference hedge's book against its twin in every named crisis."""
        return crisis_table(self.headline, self.twin, self.history)

    def crisis_returns(self) -> pl.DataFrame:
        """Return of every book over every crisis in the data, on the basis asked for."""
        return crisis_returns(self.results[self.equal])

    def verdict(self, basis: str | None = None) -> list[str]:
        """Say in plain words what the figures of a basis show, whatever it is."""
        basis = basis or self.equal
        return verdict.lines(
            self.rows[basis],
            basis=basis,
            reference=self.reference,
            sizes=[point for point in self.curve if point.name == FEWER],
            crises=len(covered(self.twin.dates)),
            years=m.years_between(self.twin.dates),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the daily series, as plain values that JSON can hold."""
        crises = [
            {key: plain(value) for key, value in row.items()}
            for row in self.crises().iter_rows(named=True)
        ]
        return {
            "meta": {key: plain(value) for key, value in self.headline.meta.items()},
            "equal": self.equal,
            "reference": self.reference,
            "seed": self.seed,
            "resampling": asdict(self.resampling) if self.resampling else None,
            "rows": {basis: [row.flat() for row in rows] for basis, rows in self.rows.items()},
            "verdict": {basis: self.verdict(basis) for basis in self.rows},
            "curve": [_plain_record(point) for point in self.curve],
            "fills": [_plain_record(point) for point in self.fills],
            "crises": crises,
            "refused": [
                dict(zip(("name", "basis", "reason"), entry, strict=True)) for entry in self.refused
            ],
        }


def compare(
    history: Any,
    hedges: Iterable[Hedge] | None = None,
    condors: str | Path | CondorProgramme = "monthly45",
    *,
    equal: Literal["carry", "outlay"] | None = None,
    start: Any = None,
    end: Any = None,
    equity: float = 1_000_000.0,
    fill: float = 0.5,
    reference: Hedge | None = None,
    seed: int = 0,
    resamples: int = 1000,
    progress: Progress | None = None,
    backtest: Backtest | None = None,
) -> Comparison:
    """Compare hedges of one condor programme on one history.

    Parameters
    ----------
    history : History
        From `alvh.load_history`.
    hedges : iterable of str, Path or HedgePolicy, optional
        What to compare. The default is no hedge, a single call, the layered hedge by premium and
        by contracts, the VXTH schedule, SPX puts, futures layers, and fewer condors. No hedge is
        always among them.
    condors : str, Path or CondorProgramme
        The book to be hedged.
    equal : {"carry", "outlay"}, optional
        The basis of `Comparison.table` and of the verdict; all three are always computed.
    start, end : date, optional
        First and last session, inclusive.
    equity : float
        USD at the start.
    fill : float
        0 trades at mid, 1 at the touch.
    reference : str, Path or HedgePolicy, optional
        The hedge the others are made equal to: `alvh-40-40-20` where it is among them, otherwise
        the first with layers.
    seed : int
        Of the bootstrap.
    resamples : int
        Bootstrap histories; 0 leaves the intervals out.
    progress : callable, optional
        Called with steps done, steps in all, and what comes next.
    backtest : callable, optional
        Stand-in for `alvh.backtest`.

    Returns
    -------
    Comparison

    Raises
    ------
    PolicyError
        If a policy or programme is not valid, or there is no hedge to compare.
    DataError
        If the unhedged book or the reference hedge cannot be run on this history.
    """
    if equal not in (None, "carry", "outlay"):
        raise PolicyError(f'equal must be "carry", "outlay" or None; it was {equal!r}')
    policies = load_hedges(COMPARATORS if hedges is None else hedges)
    chosen = pick_reference(policies, reference)
    programme = load_programme(condors)
    account = {"start": start, "end": end, "equity": equity}
    bench = Workbench(backtest or _engine(), history, programme, fill=fill, **account)
    return _Assembly(bench, policies, chosen, progress).compare(equal or "preset", seed, resamples)


class _Assembly:
    """The steps of one comparison, in their order."""

    def __init__(
        self,
        bench: Workbench,
        policies: dict[str, HedgePolicy],
        reference: str,
        progress: Progress | None,
    ) -> None:
        self.bench, self.policies, self.reference = bench, policies, reference
        self.progress, self.done = progress, 0
        self.hedges = {name: p for name, p in policies.items() if p.layers}
        self.steps = len(policies) * len(BASES) + len(self.hedges) + 4
        self.refused: list[tuple[str, str, str]] = []
        self.fewer: Match | None = None

    def compare(self, equal: str, seed: int, resamples: int) -> Comparison:
        self._tell("the book without a hedge")
        twin, self.headline = self.bench.run(), self.bench.run(self.policies[self.reference])
        self.twin = twin
        sized = {basis: self._sized(basis) for basis in BASES}
        results = {
            basis: {n: run for n, (run, _) in found.items()} for basis, found in sized.items()
        }
        rows = {basis: tuple(row for _, row in found.values()) for basis, found in sized.items()}
        curve = self._curve(twin)
        self._tell(f"{self.reference} at fills 0, 0.5 and 1")
        fills = fill_points(self.bench, self.policies[self.reference])
        self._tell("intervals")
        rng = np.random.default_rng(seed)
        rows, resampling = _with_intervals(rows, results, twin, rng, resamples)
        self.done = self.steps
        self._tell("done")
        return Comparison(
            equal=equal,
            reference=self.reference,
            twin=twin,
            results=results,
            rows=rows,
            curve=curve,
            fills=fills,
            refused=tuple(self.refused),
            resampling=resampling,
            seed=seed,
            history=self.bench.history,
        )

    def _sized(self, basis: str) -> dict[str, tuple[Run, Row]]:
        """Run every comparator on one basis; what cannot be run is noted and left out."""
        runs: dict[str, tuple[Run, Row]] = {}
        for name, policy in self.policies.items():
            self._tell(f"{name}, {basis}")
            try:
                run, match = self._one(name, policy, basis)
                runs[name] = run, _row(run, self.twin, basis, name, match)
            except AlvhError as refusal:
                if name == self.reference:
                    raise
                self.refused.append((name, basis, str(refusal)))
        return runs

    def _one(self, name: str, policy: HedgePolicy, basis: str) -> tuple[Run, Match | None]:
        if name == FEWER:
            if self.fewer is None:
                self.fewer = fewer_condors(self.bench, monthly_risk(self.headline))
            return self.bench.fewer(self.fewer.scale), self.fewer
        if basis == "preset" or not policy.layers or name == self.reference:
            return self.bench.run(policy), None
        rate = RATES[basis]
        match = equalise(self.bench, policy, rate(self.headline), rate)
        if not np.isfinite(match.scale):
            raise DataError(f"cannot be brought to equal {basis}: {match.note}")
        return self.bench.run(policy.scaled(match.scale)), match

    def _curve(self, twin: Run) -> tuple[CurvePoint, ...]:
        points: list[CurvePoint] = []
        for name, policy in self.hedges.items():
            self._tell(f"{name} at 0 to 3 times its size")
            points += hedge_curve(self.bench, twin, name, policy)
        if self.bench.programme.kind == "condors":
            self._tell("the book at 0.1 to 1 times its size")
            points += size_curve(self.bench, twin, FEWER)
        return tuple(points)

    def _tell(self, what: str) -> None:
        if self.progress is not None:
            self.progress(min(self.done, self.steps), self.steps, what)
        self.done += 1


def _row(run: Run, twin: Run, basis: str, name: str, match: Match | None) -> Row:
    if match is None:
        return measure_row(run, twin, name=name, basis=basis)
    note = match.note
    if not match.reached and match.runs > 1:
        note = f"{note}: {match.value:.2%} where {match.target:.2%} was sought"
    return measure_row(
        run,
        twin,
        name=name,
        basis=basis,
        scale=match.scale,
        reached=match.reached,
        note=note,
    )


def _with_intervals(
    rows: dict[str, tuple[Row, ...]],
    results: dict[str, dict[str, Run]],
    twin: Run,
    rng: np.random.Generator,
    resamples: int,
) -> tuple[dict[str, tuple[Row, ...]], Resampling | None]:
    """Add the interval of each difference from the twin; all books share every resample."""
    if resamples <= 0 or twin.nav.size <= 250:
        return rows, None
    # The unhedged book, the reference and fewer condors are one run on every basis: drawn once.
    shared = {id(run): run for runs in results.values() for run in runs.values()}
    place = {key: str(number) for number, key in enumerate(shared)}
    returns = {place[key]: m.simple_returns(run.nav) for key, run in shared.items()}
    base = m.simple_returns(twin.nav)
    found, resampling = paired_differences(
        returns,
        base,
        periods=base.size / m.years_between(twin.dates),
        rng=rng,
        resamples=resamples,
    )
    full = {
        basis: tuple(
            replace(row, differences=found[place[id(results[basis][row.name])]]) for row in lines
        )
        for basis, lines in rows.items()
    }
    return full, resampling


def _engine() -> Backtest:
    from alvh.engine import backtest

    return backtest


def _plain_record(point: CurvePoint | FillPoint) -> dict[str, Any]:
    return {key: plain(value) for key, value in asdict(point).items()}


__all__ = ["COMPARATORS", "FEWER", "REFERENCE", "Comparison", "compare"]
