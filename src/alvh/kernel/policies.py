"""Policies as numbers: the records that a validated policy is compiled into, and the book.

One row of each is one policy, so a sweep is an array of rows.
"""

import numpy as np

SCHEDULE_STEPS = 6  # most breakpoints a forward-keyed schedule may have
RUNGS = 4  # most rungs of a monetisation ladder
MAX_CONDORS = 48
MAX_LEGS = 2  # legs of one hedge structure

LAYER = np.dtype(
    [
        ("weight", np.float64),  # share of the hedge, 0 switches the layer off
        ("instrument", np.int64),
        ("tenor", np.float64),  # target calendar days to settlement
        ("roll", np.float64),  # roll at or below these calendar days; 0 holds to settlement
        ("delta", np.float64),  # of the bought leg, absolute
        ("short_delta", np.float64),  # of the sold leg, absolute; NaN without one
        ("strike", np.float64),  # fixed strike of the bought leg; NaN chooses by delta
        ("weeklies", np.uint8),
        ("schedule_steps", np.int64),  # 0: no schedule
        ("schedule_break", np.float64, (SCHEDULE_STEPS,)),
        ("schedule_weight", np.float64, (SCHEDULE_STEPS + 1,)),
    ]
)

HEDGE = np.dtype(
    [
        ("mode", np.int64),
        ("basis", np.int64),
        ("budget", np.float64),  # fraction of equity held in the hedge
        ("spend", np.float64),  # fraction a year
        ("spend_on_credits", np.uint8),
        ("offset", np.float64),  # share of the condors' stress loss to cover
        ("offset_cap", np.float64),  # fraction of equity
        ("stress_spx", np.float64),  # simple return of the S&P 500 in the named stress
        ("contracts_per_ten", np.float64),
        ("scale", np.float64),
        ("monetise", np.uint8),
        ("multiples", np.int64),
        ("multiple", np.float64, (RUNGS,)),
        ("vix_levels", np.int64),
        ("vix_level", np.float64, (RUNGS,)),
        ("fraction", np.float64),
        ("lag", np.int64),
    ]
)

PROGRAMME = np.dtype(
    [
        ("kind", np.int64),
        ("am", np.uint8),
        ("expiry_rule", np.int64),
        ("tenor", np.float64),
        ("entry", np.int64),
        ("short_delta", np.float64),  # NaN where the shorts are set by range_multiple
        ("long_delta", np.float64),  # NaN where the wings are set by width
        ("width", np.float64),  # points
        ("range_multiple", np.float64),
        ("credit_target", np.float64),  # points
        ("step", np.float64),  # points
        ("take_profit", np.float64),  # share of credit; NaN never
        ("exit_days", np.float64),
        ("stop", np.float64),  # multiple of credit; NaN never
        ("risk_fraction", np.float64),
        ("on_width", np.uint8),  # risk_fraction limits the width, not the loss net of credit
        ("contracts", np.float64),  # fixed number; NaN sizes by risk_fraction
        ("gate", np.int64),
        ("fill", np.float64),
    ]
)

ACCOUNT = np.dtype(
    [
        ("equity", np.float64),  # USD at the start
        ("fill", np.float64),  # 0 mid … 1 touch, for hedges
        ("fee_scale", np.float64),  # multiplies every exchange fee and commission
        ("commission", np.float64),  # broker, USD per contract and side
        ("debit_spread", np.float64),  # added to the bill rate on negative cash
    ]
)

CONDOR = np.dtype(
    [
        ("quantity", np.int64),  # 0: free slot
        ("expiry", np.int64),
        ("expiry_session", np.int64),
        ("am", np.uint8),
        ("strike", np.float64, (4,)),  # long put, short put, short call, long call
        ("mid", np.float64, (4,)),  # last marks, points
        ("credit", np.float64),  # points, net of the spread paid
        ("margin", np.float64),  # Reg-T, USD of the whole position
        ("opened", np.int64),
    ]
)

COHORT = np.dtype(
    [
        ("units", np.int64),  # structures held
        ("bought", np.int64),  # structures when it was opened
        ("cost", np.float64),  # USD paid per structure, futures at price
        ("rungs", np.int64),  # monetisation rungs already taken
        ("legs", np.int64),
        ("root", np.int64, (MAX_LEGS,)),
        ("right", np.int64, (MAX_LEGS,)),
        ("ratio", np.int64, (MAX_LEGS,)),  # signed contracts per structure
        ("expiry", np.int64, (MAX_LEGS,)),
        ("expiry_session", np.int64, (MAX_LEGS,)),
        ("strike", np.float64, (MAX_LEGS,)),
        ("mid", np.float64, (MAX_LEGS,)),  # last marks, points
    ]
)

LAYER_STATE = np.dtype(
    [
        ("next_roll", np.int64),  # date before which an empty layer stays in cash
        ("meter", np.float64),  # USD that may still be spent
        ("carry_rate", np.float64),  # USD per calendar day in an unchanged market
    ]
)

STATE = np.dtype(
    [
        ("cash", np.float64),
        ("index_units", np.float64),
        ("credits", np.float64),  # condor credits received today, USD
        ("contracts", np.int64),  # condors open at the last close
        ("stress_loss", np.float64),  # of the condors open at the last close, USD
        ("next_spx", np.int64),  # first row of the SPX expiries that is not past
        ("next_vix", np.int64),
        ("slots", np.int64),  # condor slots ever used; the book is packed towards the first
        ("last_entry_week", np.int64),
        ("fills", np.int64),
        ("fills_modelled", np.int64),
        ("trades", np.int64),  # rows written to the trade log
        ("decisions", np.int64),
        ("condors", np.int64),  # rows written to the condor log
        ("wins", np.int64),
        ("closed", np.int64),
        ("ruined", np.uint8),
    ]
)

DAILY = np.dtype(
    [
        ("nav", np.float64),
        ("cash", np.float64),
        ("pnl", np.float64, (4,)),  # cumulative, at mid, by sleeve
        ("cost", np.float64, (4,)),  # cumulative fees and slippage, ≥ 0, by sleeve
        ("interest", np.float64),  # cumulative
        ("put_side", np.float64),  # cumulative condor profit at mid, put spreads
        ("call_side", np.float64),
        ("carry", np.float64, (3,)),  # cumulative, unchanged market, by layer
        ("outlay", np.float64),  # cumulative hedge premium bought
        ("hedge_value", np.float64),
        ("hedge_margin", np.float64),
        ("condor_margin", np.float64),
        ("condors", np.int64),  # contracts open
    ]
)

TRADE = np.dtype(
    [
        ("day", np.int64),
        ("sleeve", np.int8),
        ("root", np.int8),
        ("right", np.int8),
        ("expiry", np.int64),
        ("strike", np.float64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("mid", np.float64),
        ("fees", np.float64),
        ("action", np.int8),
        ("reason", np.int8),
        ("provenance", np.int8),
    ]
)

DECISION = np.dtype(
    [
        ("day", np.int64),
        ("sleeve", np.int8),
        ("action", np.int8),
        ("reason", np.int8),
        ("quantity", np.float64),
        ("reading", np.float64),
        ("threshold", np.float64),
    ]
)

CONDOR_ENTRY = np.dtype(
    [
        ("day", np.int64),
        ("expiry", np.int64),
        ("am", np.uint8),
        ("quantity", np.int64),
        ("strike", np.float64, (4,)),
        ("credit", np.float64),
        ("probability_of_profit", np.float64),
        ("expected_value", np.float64),  # points, under the realised-volatility measure
        ("margin", np.float64),  # USD for the whole position
    ]
)
