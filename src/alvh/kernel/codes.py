"""Small integers for what the engine trades, does and why.

The kernel speaks in these codes; ``alvh.reasons`` turns them into sentences afterwards. They are
NumPy integers because the compiler would make a copy of every function for each plain one.
"""

from typing import Any

import numpy as np


def _codes(count: int) -> Any:
    return map(np.int64, range(count))


# Sleeves: the parts of the book that profit and loss is kept apart for.
CONDORS, SHORT, MEDIUM, TAIL = _codes(4)
SLEEVES = ("condors", "short", "medium", "tail")
LAYERS = 3

# What a leg is. SPX settles to the opening auction, SPXW to the close.
SPX, SPXW, VIX, VX, ETP_SHORT, ETP_MID, INDEX = _codes(7)
ROOTS = ("SPX", "SPXW", "VIX", "VX", "ETP_SHORT", "ETP_MID", "INDEX")
CALL, PUT, OUTRIGHT = _codes(3)
RIGHTS = ("C", "P", "")

# Instruments a hedge layer can be made of.
(
    VIX_CALL,
    VIX_CALL_SPREAD,
    VIX_BACKSPREAD,
    VIX_FUTURE,
    VIX_FUTURES_SPREAD,
    BASKET_SHORT,
    BASKET_MID,
    SPX_PUT,
    SPX_PUT_BACKSPREAD,
) = _codes(9)
INSTRUMENTS = (
    "vix_call",
    "vix_call_spread",
    "vix_backspread",
    "vix_future",
    "vix_futures_spread",
    "basket_short",
    "basket_mid",
    "spx_put",
    "spx_put_backspread",
)

BUDGET, SPEND, OFFSET = _codes(3)
SIZING_MODES = ("budget", "spend", "offset")
PREMIUM, CONTRACTS, VEGA, STRESS = _codes(4)
WEIGHT_BASES = ("premium", "contracts", "vega", "stress")
NO_POSITION, CONDOR_BOOK, INDEX_FUND = _codes(3)
PROGRAMME_KINDS = ("none", "condors", "index")
THIRD_FRIDAY, NEAREST = _codes(2)
EXPIRY_RULES = ("third_friday", "nearest")
ON_EXPIRY, WEEKLY, DAILY_ENTRY = _codes(3)
ENTRIES = ("on_expiry", "weekly", "daily")
GATES = ("none", "A", "B", "C")
DIRECT, CHEAPEST, SYNTHETIC = _codes(3)
CONSTRUCTIONS = ("direct", "cheapest", "synthetic")

# Where a price comes from.
MODELLED, QUOTED, PUBLISHED, ESTIMATED, FITTED = _codes(5)
PROVENANCE = ("modelled", "quoted", "published", "estimated", "fitted")

# Actions.
NONE, OPEN, CLOSE, SETTLE, MONETISE, REBALANCE = _codes(6)
ACTIONS = ("no action", "open", "close", "settle", "monetise", "rebalance")

# Reasons, in the order of ``alvh.reasons.SENTENCES``.
(
    R_HELD,
    R_INPUT_MISSING,
    R_SCHEDULED_ENTRY,
    R_NOT_ENTRY_DAY,
    R_NO_EXPIRY,
    R_CREDIT_TOO_SMALL,
    R_SIZE_ZERO,
    R_BUYING_POWER,
    R_BOOK_FULL,
    R_GATE_CLOSED,
    R_TAKE_PROFIT,
    R_STOP,
    R_EXIT_DAYS,
    R_SETTLED,
    R_ROLL_DUE,
    R_LAYER_FILLED,
    R_SCHEDULE_ZERO,
    R_BUDGET_TOO_SMALL,
    R_OFFSET_INFEASIBLE,
    R_METER_EMPTY,
    R_MONETISE_MULTIPLE,
    R_MONETISE_VIX,
    R_WAITING_FOR_ROLL,
    R_NO_CONDORS_TO_HEDGE,
    R_RUINED,
    R_SWEEP,
    R_WARM_UP,
    R_TILTED,
    R_TILT_WAITS,
    R_DRIFT,
    R_INVERTED,
    R_MONETISE_INVERTED,
    R_REENTRY,
    R_STAGE,
    R_ROLL_EXTRINSIC,
    R_ROLL_STRENGTH,
    R_ROLL_EVENT,
    R_DEFERRED,
    R_SYNTHETIC,
    R_DIRECT,
    R_EVENT_AHEAD,
    R_PREMIUM_LOW,
    R_SHIFTED,
    R_SHIFT_INFEASIBLE,
    R_SHIFTS_SPENT,
    R_SHIFT_ENDED,
    R_QUICK_RATIO,
    R_STEWARD,
    R_NO_SOUND_PRICE,
) = _codes(49)

# Arguments that would be plain numbers, compiled once for the same reason: sides of a trade, which
# are also the ratios of single legs, legs of a structure, ages of a valuation, and flags.
BUY: Any = np.int64(1)
SELL: Any = np.int64(-1)
FIRST, SECOND = _codes(2)
TODAY, TOMORROW = _codes(2)
NOWHERE: Any = np.int64(-1)  # no row of a table
AT_CLOSE: Any = np.uint8(0)  # a settlement that is not to the opening auction
_NO: Any = np.bool_(False)
_YES: Any = np.bool_(True)
AS_CALL, AS_PUT = _NO, _YES
ALONE, IN_PACKAGE = _NO, _YES
