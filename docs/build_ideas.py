"""Write docs/ideas.md: every idea of the method with its formula, place, and number on two days.

Run with ``python docs/build_ideas.py --data ../shared/data``. The whole page is made here.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import alvh
from alvh.advise.explain import Explanation, explain
from alvh.advise.pool import Pool, pool
from alvh.advise.project import project
from alvh.advise.replay import replay
from alvh.advise.shift import shift
from alvh.evidence.attribution import attribute
from alvh.evidence.motion import motion
from alvh.guides import LAYER_NAMES
from alvh.kernel.construction import parity, synthetic_savings
from alvh.kernel.records import NO_QUOTES
from alvh.market.surfaces import build_surfaces

PAGE = Path(__file__).with_name("ideas.md")
DAYS = ("2020-03-16", "2017-11-03")
START = "2007-01-03"
HEDGE, CONDORS = "alvh-adaptive", "monthly45-adaptive"
STATIC, PLAIN = "alvh-40-40-20", "monthly45"
EPISODE = "2008-09-12"


@dataclass
class Evening:
    """Everything that rows read of one day."""

    history: alvh.History
    day: str
    account: Explanation  # adaptive hedge and condors
    plain: Explanation  # static ones: they hold all three layers and condors on both days

    def signal(self, name: str) -> Any:
        return next(one for one in self.account.signals if one.name == name)

    def figure(self, name: str) -> float:
        assert self.plain.health is not None
        return self.plain.health.figures()[name]

    def rule(self, name: str) -> float:
        return next(one.reading for one in self.account.rules if one.rule == name)


@dataclass(frozen=True)
class Idea:
    """One row: ``number`` writes what the idea says on a day."""

    name: str
    formula: str
    module: str
    key: str
    command: str
    number: Callable[[Evening], str]


def percent(value: float, places: int = 1) -> str:
    return f"{100 * value:.{places}f} %" if np.isfinite(value) else "absent"


def amount(value: float) -> str:
    return f"{value:,.0f} USD" if np.isfinite(value) else "absent"


def plain(value: float, places: int = 2) -> str:
    return f"{value:.{places}f}" if np.isfinite(value) else "absent"


def read(*names: str) -> Callable[[Evening], str]:
    """Write a signal's value and score, or why it has none."""

    def write(evening: Evening) -> str:
        parts = []
        for name in names:
            one = evening.signal(name)
            if np.isfinite(one.raw):
                parts.append(f"`{name}` {one.raw:.4g}, score {one.score:+.2f}")
            else:
                parts.append(f"`{name}` absent: its file has ended")
        return "; ".join(parts)

    return write


def convexity(evening: Evening) -> str:
    health = evening.plain.health
    assert health is not None
    levels = (
        f"{name} {'any VIX' if one.from_today == 0.0 else f'VIX {one.from_today:.1f}'}"
        for name, one in health.activation.items()
    )
    return "pays after 30 days from: " + ", ".join(levels)


def weights(evening: Evening) -> str:
    asked = " / ".join(percent(one.asked) for one in evening.account.weights)
    force = " / ".join(percent(one.in_force) for one in evening.account.weights)
    return f"asked {asked}; in force {force}"


def events(evening: Evening) -> str:
    density, variance = evening.signal("event_density"), evening.signal("event_variance")
    move = np.sqrt(2 / np.pi * max(variance.raw, 0.0))
    return (
        f"{density.raw:.0f} in ten days, next FOMC in {evening.rule('next FOMC'):.0f} days; "
        f"variance of the next event {variance.raw:.2e}, a move of {percent(move, 2)}"
    )


def capm(evening: Evening) -> str:
    return (
        f"premium {percent(evening.figure('equity_risk_premium'))} a year; fair cost "
        f"{amount(evening.figure('fair_cost_usd'))}, alpha {amount(evening.figure('capm_alpha_usd'))}"
    )


def rates(evening: Evening) -> str:
    health = evening.plain.health
    assert health is not None
    changes = health.xirr["hedge"].sign_changes
    return (
        f"MIRR of the hedge {percent(health.mirr['hedge'].value)}, of the book "
        f"{percent(health.mirr['book'].value)}; the hedge's flows change sign {changes} times"
    )


def wacc(evening: Evening) -> str:
    bare, with_hedge = evening.figure("wacc_unhedged"), evening.figure("wacc_hedged")
    return f"{percent(bare)} without the hedge, {percent(with_hedge)} with it"


def break_evens(evening: Evening) -> str:
    put, call = evening.figure("put_break_even"), evening.figure("call_break_even")
    vix = evening.figure("hedge_pays_vix_30d")
    return (
        f"condors {plain(put, 0)} / {plain(call, 0)}; the hedge pays in 30 days from VIX {vix:.1f}"
    )


def press(evening: Evening) -> str:
    found = attribute(evening.history, evening.plain.result)
    last = found.legs.filter(found.legs["date"] == found.legs["date"].max())
    mine = last.filter((last["sleeve"] == "short") & (last["root"] == "VIX"))
    pressed = float(mine["vega"].sum() + mine["theta"].sum())
    count = evening.signal("big_top").raw
    return f"flag {count:.0f} of 4; vega and theta of the short layer's calls {amount(pressed)} that day"


def time_travel(evening: Evening) -> str:
    history, result = evening.history, evening.plain.result
    ahead = project(history, result, 7, -0.05).gains["total"]
    policy = alvh.load_policy(STATIC)
    to = shift(history, result, policy, "short").best
    lowest = replay(history, result, EPISODE, 63).worst[1]
    return (
        f"project 7 days and −5 %: {amount(ahead)}; shift short to {to.expiry if to else 'nowhere'}; "
        f"replay from {EPISODE}: lowest {amount(lowest)}"
    )


def score(evening: Evening) -> str:
    found = evening.plain.steward
    if found is None:
        return evening.plain.missing["steward"]
    return (
        f"score {plain(found.score)}: steward {percent(found.steward.cvar, 2)}, book "
        f"{percent(found.book_cvar, 2)}, promoter {percent(found.promoter.cvar, 2)}"
    )


def moved(evening: Evening) -> str:
    found = motion(evening.history, STATIC, PLAIN, START, evening.day, resamples=0)
    return "growth to that day: " + ", ".join(
        f"{row.name} {percent(row.cagr, 2)}" for row in found.rows
    )


def engine(evening: Evening) -> str:
    cohort = evening.plain.result.book.cohorts[LAYER_NAMES.index("medium")]
    bought, sold = float(cohort["mid"][0]), float(cohort["mid"][1])
    width = float(cohort["strike"][1] - cohort["strike"][0])
    return f"medium layer: sold premium {percent(sold / bought)} of the bought, pay-out capped at {width:g} points"


def conversion(evening: Evening) -> str:
    surfaces = build_surfaces(evening.history)
    day = surfaces.days[int(np.searchsorted(surfaces.dates, np.datetime64(evening.day)))]
    cohort = evening.plain.result.book.cohorts[0]
    account = alvh.engine.compile_account(1e6, 0.5, 1.0, 0.65, 0.01)[0]
    saving = synthetic_savings(day, NO_QUOTES, account, cohort, 9)[0]
    gap = parity(
        day, NO_QUOTES, cohort["expiry"][0], cohort["expiry_session"][0], cohort["strike"][0]
    )[4]
    return f"short layer as put and future: {amount(saving)} saved on ten calls, parity gap {abs(gap):.4f}"


def dividends(evening: Evening) -> str:
    health = evening.plain.health
    assert health is not None
    ratio = health.dividend_value.ratio
    if np.isfinite(ratio):
        return f"cost over value {ratio:.3f}; cost over pay-outs {plain(health.dividend_value.plain_ratio)}"
    return (
        f"no value: {health.reasons()['cost_to_dividend_value']}; cost over pay-outs "
        f"{plain(health.dividend_value.plain_ratio)}"
    )


def protection(evening: Evening) -> str:
    carry, avoided = evening.figure("carry_per_year_usd"), evening.figure("tail_loss_avoided_usd")
    return f"{plain(evening.figure('protection_pe'))}: carry {amount(carry)}, tail avoided {amount(avoided)} a year"


def drift(evening: Evening) -> str:
    return ", ".join(
        f"{one.layer} {percent(one.held)} of {percent(one.in_force)}"
        for one in evening.plain.weights
    )


def amm(evening: Evening) -> str:
    policy = alvh.load_policy(STATIC)
    found: Pool = pool(evening.plain.result, {one.name: one.weight for one in policy.layers})
    return f"a pool gives up {percent(found.drift_rate)} a year; least-loss band {percent(found.curve.best, 0)}"


def shortfall(evening: Evening) -> str:
    return f"{percent(evening.figure('shortfall_share'), 2)} of premium traded, budget 10 %"


def ledger(evening: Evening) -> str:
    meta = evening.account.result.meta
    count = evening.account.result.counts["decisions"]
    return f"policy {meta['policy_hash'][:8]}, data {meta['data_digest'][:8]}; {count:,} decisions recorded"


def daily(evening: Evening) -> str:
    made = [one for one in evening.account.decisions if one.action != "no action"]
    first = evening.account.decisions[0]
    return f"{len(evening.account.decisions)} decisions, {len(made)} of them act; {first.sleeve}: {first.reason}"


def containment(evening: Evening) -> str:
    return (
        f"range {percent(evening.rule('expected daily range'), 2)}, held on 80 % of days at "
        f"{plain(evening.rule('calibrated containment'))} times it"
    )


def gates(evening: Evening) -> str:
    vix = evening.rule("VIX gate")
    sizes = (1.0 if vix <= 20 else 0.0, 1.0 if vix < 28 else 0.5 if vix <= 40 else 0.0,
             min(1.0, 20 / vix))  # fmt: skip
    return f"VIX {vix:.2f}: A {sizes[0]:g}, B {sizes[1]:g}, C {sizes[2]:.2f}"


def theta_shift(evening: Evening) -> str:
    """Count the shifts of the one-day programme up to that day."""
    programme = alvh.load_programme("daily1-adaptive")
    run = alvh.backtest(evening.history, STATIC, programme, START, evening.day)
    reasons = run.decisions["reason"]
    done = int(reasons.str.starts_with("shifted on").sum())
    refused = int(reasons.str.starts_with("loss of").sum())
    ended = run.decisions.filter(reasons.str.starts_with("a position shifted"))["reading"]
    whole = float((ended >= 0).mean()) if len(ended) else float("nan")
    worst = float(ended.min()) if len(ended) else float("nan")
    return (
        f"to that day {done} shifts, {percent(done / max(done + refused, 1), 0)} of losses "
        f"feasible, {percent(whole, 0)} recovered, worst {plain(worst)} points"
    )


def quick(evening: Evening) -> str:
    return f"{plain(evening.figure('quick_ratio'), 1)}; {plain(evening.figure('quick_ratio_unencumbered'), 1)} with collateral left out"


IDEAS = (
    Idea("Layered convexity", "P&L, Δ, Γ, vega by layer over VIX 10 … 90 and days 0 … 60; VIX from which each pays", "`advise.convexity`", "`layers`", "`alvh health`", convexity),
    Idea("Adaptive rebalancing", "w′ ∝ w·clip(1 + a·Σc·score/Σ\\|c\\|, ½, 1½), beyond a band, confirmed", "`guides`, `kernel.tilts`", "`tilt`, `rebalancing`", "`alvh explain`", weights),
    Idea("A/D line", "z(20-session SPX return) − z(20-session change of the A/D line per issue), fall-backs", "`signals.breadth`", "`tilt.signals: breadth`", "`alvh signals breadth`", read("breadth")),
    Idea("RSI", "Wilder's RSI of 14; cheap where RSI(SPX) > 70 and RSI(VIX) < 40", "`signals.indicators`", "`tilt.signals: hedge_cheap`, `layers.*.roll_strength`", "`alvh signals rsi_vx1`", read("rsi_spx", "rsi_vix", "rsi_vx1")),
    Idea("MACD", "histogram 12/26/9 of ln VIX; its sign where it has held two sessions", "`signals.indicators`", "`tilt.signals: macd`", "`alvh signals macd`", read("macd")),
    Idea("FOMC, CPI, PPI", "dates in ten days; w = σ₂²T₂ − σ₁²T₁ − σ_base²(T₂ − T₁ − k), shared by k events", "`signals.events`, `event_dates`", "`layers.*.spans_event`, `skip_events`", "`alvh signals event_variance`", events),
    Idea("GDP uncertainty", "z of the 21-day mean of daily policy uncertainty", "`signals.macro`", "`tilt.signals: policy_uncertainty`", "`alvh signals policy_uncertainty`", read("policy_uncertainty")),
    Idea("REER and interest differential", "12-month change of ln REER less its line on that of the rate, as known then", "`signals.macro`", "`tilt.signals: reer_residual`", "`alvh signals reer_residual`", read("reer_residual")),
    Idea("CAPM, equity risk premium", "max(R_f·(VIX/100)², D/P + g − r_f); fair cost −β_h·ERP·value", "`signals.macro`, `advise.capital`", "`tilt.risk_premium`", "`alvh health`", capm),
    Idea("P/CF, P/E of the index", "percentile of price over known earnings in ten years", "`signals.macro`", "`tilt.signals: index_pe`", "`alvh signals index_pe`", read("index_pe")),
    Idea("IRR", "XIRR of dated flows; MIRR; sign changes flagged; capital moved by trailing MIRR", "`advise.flows`, `kernel.tilts`", "`tilt.trailing_mirr`", "`alvh health`", rates),
    Idea("REIT flows", "21-session return of VNQ less SPY; speaks below −2 deviations", "`signals.macro`", "`tilt.signals: reit_strength`", "`alvh signals reit_strength`", read("reit_strength")),
    Idea("IPO clusters", "rank of the three-month count in ten years; 1 above the 80th percentile", "`signals.macro`", "`tilt.signals: ipo_cluster`", "`alvh signals ipo_cluster`", read("ipo_cluster")),
    Idea("WACC of the book", "(E/V)(r_f + β·ERP) + (D/V)·r_margin, with and without the hedge", "`advise.capital`", "`limits.wacc_drag`", "`alvh health`", wacc),
    Idea("Break-even", "strikes ∓ credit net of carry; VIX at which the hedge pays; the joint flat curve", "`advise.break_even`", "–: a reading", "`alvh health`", break_evens),
    Idea("Temporal theta, Big Top cash press", "vega·dσ + theta·dt of long calls; flag of four conditions", "`evidence.press`, `signals.regime`", "`tilt.signals: big_top`", "`alvh press`", press),
    Idea("Time-shifting", "`project` days and moves; `shift` at least cost per spot-VIX delta; `replay`", "`advise.project`, `.shift`, `.replay`", "`layers.*.roll_to`", "`alvh project`, `shift`, `replay`", time_travel),
    Idea("Steward vs promoter", "least CVaR₉₅ at a hurdle against most gain at a margin limit; score between", "`stewardship`, `advise.steward`", "`limits.steward_score`, `limits.binding`", "`alvh steward`", score),
    Idea("False binary, loyalty vs motion", "hold, rebalance daily, band: generated from any policy", "`evidence.motion`", "`rebalancing`", "`alvh motion`", moved),
    Idea("Second engine, private leverage layer", "call spread whose sold premium finances up to half of the bought", "`kernel.structures`", "`layers.medium.financing`", "`alvh explain`", engine),
    Idea("Conversion, reversal", "ε = C − P − e^(−rT)(F − K); call, or put and a tenth of a future", "`kernel.construction`", "`execution.construction`", "`alvh explain`", conversion),
    Idea("HFT distortion", "front basis against the curve, in median deviations of 20 sessions", "`signals.premium`", "`execution.defer_distortion`", "`alvh signals basis_distortion`", read("basis_distortion")),
    Idea("Quick ratio", "(cash + stressed bid of the hedge) / (condors due in 5 days + margin call + rolls in 21 days)", "`advise.quick_ratio`, `kernel.limits`", "`limits.quick_ratio`", "`alvh health`", quick),
    Idea("Dividend discount model", "Σ E[pay-out]/(1 + k)ᵗ over ten years, k = r_f + β_h·ERP", "`advise.capital`", "`limits.dividend_value`", "`alvh health`", dividends),
    Idea("P/E of protection", "annual carry over the tail loss it avoids in expectation", "`advise.protection`", "`limits.protection_pe`", "`alvh health`", protection),
    Idea("Market-capitalisation shifts", "drift of the layers' value shares from their weights", "`kernel.tilts`", "`rebalancing.band`", "`alvh explain`", drift),
    Idea("AMM", "½(Σwσ² − wᵀΣw) given up by a pool; band of least loss and cost; half-spread·(1 + q/depth)", "`advise.pool`", "`rebalancing.band`, `execution.depth`", "`alvh pool`", amm),
    Idea("MEV", "Σ\\|q\\|·100·(fill − mid) over premium; slices", "`advise.capital`", "`limits.shortfall`, `execution.slice`", "`alvh health`", shortfall),
    Idea("DAO, DeFi", "policy, data and code named by hash in every result; every decision recorded, no trade included", "`policy.identity`, `result`", "the whole file", "`alvh policy show`", ledger),
    Idea("Daily signals", "one command for a day: tickets' reasons, rules, health", "`advise.explain`", "–: the whole policy", "`alvh explain DATE`", daily),
    Idea("Implied against what returns explain", "path-dependent VIX and its residual; future less forecast", "`signals.path_dependent`, `.premium`", "`tilt.signals: fair_vix_residual`, `vix_premium`", "`alvh signals fair_vix`", read("fair_vix", "fair_vix_residual", "vix_premium")),
    Idea("Slope, roll yield, VVIX, SKEW", "VIX/VIX3M; VX2/VX1 − 1; (VX − VIX) a business day", "`signals.term_structure`", "`inversion`, `layers.*.roll_days_inverted`", "`alvh signals vix_slope`", read("vix_slope", "contango", "roll_yield", "vvix", "skew")),
    Idea("Expected daily range", "m·(0.7·VIX9D + 0.3·HV20)/√252, m calibrated to 80 %", "`signals.realised`", "`range_multiple`, `containment`", "`alvh signals range_multiple`", containment),
    Idea("Premium gauge", "percentile of VIX less realised in a year", "`signals.realised`", "`premium_floor`", "`alvh signals premium_gauge`", read("premium_gauge", "variance_premium")),
    Idea("VIX gates", "size by yesterday's VIX", "`kernel.condors`", "`gate`", "`alvh explain`", gates),
    Idea("Theta time shift", "a settled loss sold on at Δ ≤ 0.18, 1–7 days, for a credit that covers it, twice at most", "`kernel.time_shift`", "`time_shift`", "`alvh backtest --condors daily1-adaptive`", theta_shift),
)  # fmt: skip

HEAD = f"""# Every idea of the method, and its number

One row for each idea of the text that this project comes from: what it is exactly, where it is
computed, the key of a policy that switches it, the command that shows it, and what it says on two
days: {DAYS[0]}, the close with the highest VIX, and {DAYS[1]}, the one with the lowest. Signals and
weights are those that `{HEDGE}` heard on the day, one session late; figures of the book are those of
`{STATIC}` on `{PLAIN}`, run from {START}. Whether an idea pays is another page: `ablation.md`.

The table is made by `python docs/build_ideas.py --data ../shared/data`.

| idea | formula | module | policy key | command | {DAYS[0]} | {DAYS[1]} |
|---|---|---|---|---|---|---|
"""


def evening_of(history: alvh.History, day: str) -> Evening:
    """Run both books to a day."""
    accounts = [
        explain(history, day, alvh.load_policy(hedge), alvh.load_programme(condors), start=START)
        for hedge, condors in ((HEDGE, CONDORS), (STATIC, PLAIN))
    ]
    return Evening(history, day, *accounts)


def rows(history: alvh.History) -> list[str]:
    """Write the table, idea by idea."""
    evenings = [evening_of(history, day) for day in DAYS]
    lines = []
    for idea in IDEAS:
        cells = [idea.number(evening) for evening in evenings]
        assert all(cell.strip() for cell in cells), f"{idea.name} says nothing"
        words = (idea.name, idea.formula, idea.module, idea.key, idea.command, *cells)
        lines.append("| " + " | ".join(words) + " |")
    return lines


def main() -> None:
    """Renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    history = alvh.load_history(parser.parse_args().data)
    PAGE.write_text(HEAD + "\n".join(rows(history)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
