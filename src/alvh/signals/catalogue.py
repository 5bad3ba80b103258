"""Every signal of the method in one list: what it measures, where it acts and why its sign.

``sign`` turns a high reading into the direction of its score: a positive score asks for more of
the layer's hedge. It is the direction in which the method, or a finding about prices, points; it
is not a claim that following it pays. A signal without a layer is reported and moves nothing
unless a policy names it.
"""

from dataclasses import dataclass

from alvh.errors import DataError


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of the method.

    Parameters
    ----------
    name : str
        Column of the signal table.
    idea : str
        What it is about, in a few words.
    layer : str
        Layer whose weight it moves by default: ``short``, ``medium``, ``tail``, or ``""``.
    unit : str
        Unit of the raw value.
    sign : int
        1 if a high reading asks for more of the hedge, −1 if for less.
    formula : str
        The raw value in words; where the score is not the sign times the z-score, that too.
    source : str
        Series it needs.
    reason : str
        Why the sign.
    """

    name: str
    idea: str
    layer: str
    unit: str
    sign: int
    formula: str
    source: str
    reason: str


SIGNALS = (
    Signal(
        "rsi_spx", "momentum of the index", "", "0–100", 1,
        "Wilder's RSI of 14 changes of SPX closes",
        "SPX",
        "an overbought index goes with low volatility: a hedge is bought before it is wanted",
    ),
    Signal(
        "rsi_vix", "momentum of VIX", "", "0–100", -1,
        "Wilder's RSI of 14 changes of VIX closes",
        "VIX",
        "an overbought VIX tends to fall back, and its calls are dear",
    ),
    Signal(
        "rsi_vx1", "momentum of the front VIX future", "", "0–100", -1,
        "Wilder's RSI of 14 daily changes of the front monthly future, each change that of one "
        "contract; the next contract from the day of settlement on",
        "VIX futures",
        "strength of the future is sold into: a roll of the short layer is brought forward",
    ),
    Signal(
        "rsi_gap", "index overbought, VIX oversold", "medium", "points of RSI", 1,
        "RSI of SPX less RSI of VIX",
        "SPX, VIX",
        "the wider the gap the cheaper the hedge against what is held",
    ),
    Signal(
        "hedge_cheap", "a cheap hedge by both RSIs", "medium", "0 or 1", 1,
        "1 where RSI of SPX > 70 and RSI of VIX < 40; the score is that flag",
        "SPX, VIX",
        "the method buys when the index is overbought and VIX is calm",
    ),
    Signal(
        "macd", "trend of VIX", "tail", "log points", 1,
        "MACD histogram 12/26/9 of ln VIX; the score is its sign where that has held two "
        "sessions, else 0",
        "VIX",
        "a rising regime of volatility asks for more of the backstop",
    ),
    Signal(
        "breadth", "index up without its members", "medium", "standard deviations", 1,
        "z of the 20-session SPX return less z of the 20-session change of the advance–decline "
        "line per issue; where counts are absent, the share of members above their 50-day mean, "
        "then equal-weighted over cap-weighted; the score is the same within ±4",
        "NYSE advances and declines, S&P 500 breadth, RSP and SPY",
        "a rise that few shares carry is held to be fragile",
    ),
    Signal(
        "advance_decline", "the advance–decline line", "", "issues", -1,
        "advances less declines, added up from the first count",
        "NYSE advances and declines",
        "a high line is broad participation",
    ),
    Signal(
        "vix_slope", "inversion of the term structure", "short", "ratio", -1,
        "VIX over VIX3M",
        "VIX, VIX3M",
        "when inverted, short-dated calls are dear and decay: stop buying, take gains",
    ),
    Signal(
        "contango", "slope of the futures curve", "", "fraction", -1,
        "second monthly VIX future over the first, less 1",
        "VIX futures",
        "a steep curve is what a holder of futures and calls loses by rolling down",
    ),
    Signal(
        "roll_yield", "daily roll-down", "", "points a business day", -1,
        "future less VIX over business days to settlement, for the nearest monthly future with at "
        "least ten (Simon and Campasano 2014)",
        "VIX futures, VIX",
        "above +0.10 futures have since fallen, below −0.10 risen",
    ),
    Signal(
        "vvix", "price of options on VIX", "", "volatility points", -1,
        "VVIX close",
        "VVIX",
        "high VVIX makes every VIX call dear",
    ),
    Signal(
        "skew", "price of the index's tail", "", "index points", 1,
        "SKEW close",
        "SKEW",
        "where index puts are dear against at-the-money, the VIX call is the cheaper way",
    ),
    Signal(
        "vix_premium", "premium of VIX futures", "", "volatility points", -1,
        "future less the forecast of VIX at its settlement (Cheng 2019)",
        "VIX futures, VIX",
        "the premium is given back about one for one; it is low when risk begins to rise",
    ),
    Signal(
        "fair_vix", "VIX that past returns explain", "", "volatility points", -1,
        "path-dependent volatility of Guyon and Lekeufack (2023) on SPX closes",
        "SPX",
        "after large moves a hedge is dear, and volatility reverts",
    ),
    Signal(
        "fair_vix_residual", "VIX beyond past returns", "", "volatility points", -1,
        "VIX less fair VIX",
        "SPX, VIX",
        "a spike that returns do not explain is transient: sell it, do not buy it",
    ),
    Signal(
        "event_density", "scheduled events ahead", "short", "events", 1,
        "FOMC, CPI and PPI dates of the next ten calendar days; the score takes their mean off",
        "calendar of events",
        "the short layer is there for what is on the calendar",
    ),
    Signal(
        "event_variance", "variance priced into the next event", "", "variance", -1,
        "variance between two tenors beyond that of ordinary days, not below 0, for each of the "
        "events between them",
        "calendar of events, VIX9D, VIX, VIX3M",
        "variance bought over events has lost on average",
    ),
    Signal(
        "equity_risk_premium", "expected excess return of shares", "medium", "fraction a year", 1,
        "the larger of the bill rate times squared VIX and dividend yield plus growth less the "
        "rate",
        "VIX, bill rate, Shiller",
        "a high premium is pay for a risk that a hedge covers",
    ),
    Signal(
        "reer_residual", "dollar against the rate differential", "medium", "fraction", 1,
        "12-month change of ln REER beyond what the change of rates explains, as published; the "
        "score is the z-score beyond ±2, else 0",
        "REER, federal funds",
        "a dollar dearer than rates explain goes with strain",
    ),
    Signal(
        "policy_uncertainty", "uncertainty of policy", "tail", "index points", 1,
        "mean of 21 days of the daily policy uncertainty index",
        "USEPUINDXD",
        "uncertainty about policy is slow and is met by the slow layer",
    ),
    Signal(
        "reit_strength", "flight from real estate", "medium", "fraction", -1,
        "21-session return of VNQ less that of SPY; the score is minus the z-score below −2, "
        "else 0",
        "VNQ, SPY",
        "real estate that falls behind has been an early sign of strain in credit",
    ),
    Signal(
        "ipo_cluster", "crowded new issues", "", "percentile, 0–1", 1,
        "rank of the three-month count of IPOs in ten years; the score is 1 above the 80th "
        "percentile, else 0",
        "Baker and Wurgler",
        "issuers sell when prices are high; acts on the medium layer if a policy says so",
    ),
    Signal(
        "index_pe", "valuation of the index", "", "percentile, 0–1", 1,
        "trailing percentile of price over earnings",
        "Shiller",
        "a dear index has further to fall; acts on the medium layer if a policy says so",
    ),
    Signal(
        "basis_distortion", "front future out of line", "", "median deviations", -1,
        "basis of the front future against spot VIX and the second future, less its median of 20 "
        "sessions, in their median absolute deviations",
        "VIX futures, VIX",
        "an order waits while the price is distorted",
    ),
    Signal(
        "big_top", "the Big Top", "", "count, 0–4", 1,
        "RSI of SPX > 68; VIX ≥ 1.18 × realised of 30 sessions; second VIX future ≥ 8 % above the "
        "first; VIX above its 200-session mean: how many hold of those that can be judged",
        "SPX, VIX, VIX futures",
        "the method's mark of a market that presses its hedges before it turns",
    ),
    Signal(
        "variance_premium", "implied over realised", "", "ratio", -1,
        "VIX over the realised volatility of 20 sessions",
        "VIX, SPX",
        "a high ratio is dear insurance",
    ),
    Signal(
        "expected_range", "expected daily range", "", "fraction of the index", -1,
        "(0.7·VIX9D + 0.3·HV20) over √252, VIX where VIX9D is absent",
        "VIX9D, VIX, SPX",
        "wide ranges are days on which a hedge is dear and volatility reverts",
    ),
    Signal(
        "range_multiple", "how far ranges fall short", "", "multiple", 1,
        "the least multiple of the evening's expected range that held the next close on 80 % of "
        "the last 756 sessions",
        "VIX9D, VIX, SPX",
        "above 1 the index has moved further than options said",
    ),
    Signal(
        "premium_gauge", "where the premium stands", "", "percentile, 0–1", -1,
        "rank of VIX less realised volatility among its last 252 values",
        "VIX, SPX",
        "near 1 insurance is dearer than it was all year",
    ),
)  # fmt: skip

NAMES = tuple(one.name for one in SIGNALS)


def signal(name: str) -> Signal:
    """Return a signal by name.

    Raises
    ------
    DataError
        If there is none.
    """
    for one in SIGNALS:
        if one.name == name:
            return one
    raise DataError(f"no signal '{name}'; there are {', '.join(NAMES)}")
