"""Small integers for what the engine trades, does and why.

The kernel speaks in these codes; ``alvh.reasons`` turns them into sentences afterwards.
"""

# Sleeves: the parts of the book that profit and loss is kept apart for.
CONDORS, SHORT, MEDIUM, TAIL = 0, 1, 2, 3
SLEEVES = ("condors", "short", "medium", "tail")
LAYERS = 3

# What a leg is. SPX settles to the opening auction, SPXW to the close.
SPX, SPXW, VIX, VX, ETP_SHORT, ETP_MID, INDEX = 0, 1, 2, 3, 4, 5, 6
ROOTS = ("SPX", "SPXW", "VIX", "VX", "ETP_SHORT", "ETP_MID", "INDEX")
CALL, PUT, OUTRIGHT = 0, 1, 2
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
) = range(9)
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

BUDGET, SPEND, OFFSET = 0, 1, 2
SIZING_MODES = ("budget", "spend", "offset")
PREMIUM, CONTRACTS, VEGA, STRESS = 0, 1, 2, 3
WEIGHT_BASES = ("premium", "contracts", "vega", "stress")
NO_POSITION, CONDOR_BOOK, INDEX_FUND = 0, 1, 2
PROGRAMME_KINDS = ("none", "condors", "index")
THIRD_FRIDAY, NEAREST = 0, 1
EXPIRY_RULES = ("third_friday", "nearest")
ON_EXPIRY, WEEKLY, DAILY_ENTRY = 0, 1, 2
ENTRIES = ("on_expiry", "weekly", "daily")
GATES = ("none", "A", "B", "C")

# Where a price comes from.
MODELLED, QUOTED, PUBLISHED, ESTIMATED = 0, 1, 2, 3
PROVENANCE = ("modelled", "quoted", "published", "estimated")

# Actions.
NONE, OPEN, CLOSE, SETTLE, MONETISE, REBALANCE = 0, 1, 2, 3, 4, 5
ACTIONS = ("no action", "open", "close", "settle", "monetise", "rebalance")

# Reasons, in the order of ``alvh.reasons.SENTENCES``.
(
    R_HELD,
    R_INPUT_MISSING,
    R_SCHEDULED_ENTRY,
    R_NOT_ENTRY_DAY,
    R_NO_EXPIRY,
    R_NO_STRIKES,
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
    R_LAYER_EMPTY,
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
    R_NO_SIGNAL,
    R_WARM_UP,
) = range(29)
