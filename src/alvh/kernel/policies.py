"""Policies as numbers: the records that a validated policy is compiled into, and the book.

One row of each is one policy, so a sweep is an array of rows.
"""

import numpy as np

SCHEDULE_STEPS = 6  # most breakpoints a forward-keyed schedule may have
RUNGS = 4  # most rungs of a monetisation ladder
MAX_CONDORS = 48
SCENARIOS = 512  # most moves that the tail of a book is measured on at once
MAX_LEGS = 3  # legs of one hedge structure: two options and a future

LAYER = np.dtype(
    [
        ("place", np.int64),  # 0 short, 1 medium, 2 tail
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
        ("financing", np.float64),  # most premium sold over premium bought; NaN without
        ("least_cost", np.uint8),  # 1: the expiry of least cost per spot-VIX delta
        ("roll_extrinsic", np.float64),  # share of the time value paid; NaN never
        ("roll_inverted", np.float64),  # roll days while the curve is inverted; NaN as always
        ("strength_days", np.float64),  # days a roll may be brought forward; 0 never
        ("spans_event", np.uint8),
        ("stops_inverted", np.uint8),  # 1: does not buy while the curve is inverted
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
        ("tilts", np.uint8),  # 1: weights may move
        ("floor", np.float64),  # bounds of a weight's factor
        ("cap", np.float64),
        ("band", np.float64),  # change of a weight that is let pass
        ("confirmations", np.int64),
        ("trailing_mirr", np.float64),  # factor per unit of a layer's return above the mean
        ("rebalances", np.uint8),  # 1: drift beyond the band is traded back
        ("drift_band", np.float64),
        ("drift_confirmations", np.int64),
        ("takes_inverted", np.uint8),  # 1: a rung a session while the curve is inverted
        ("stages", np.int64),  # parts of a re-entry; 0 waits for the roll
        ("retrace", np.float64),
        ("gap", np.int64),  # calendar days between two parts
        ("construction", np.int64),
        ("defer", np.int64),  # sessions an order waits at most for a distortion to pass
        ("depth", np.float64),  # contracts at the touch; infinite without
        ("slice", np.float64),
        ("quick_ratio", np.float64),  # below it no condor opens; NaN never
        ("steward", np.uint8),  # 1: a tail beyond the steward's limit opens no condor
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
        ("calibrated", np.uint8),  # 1: the expected range is scaled to its containment
        ("premium_floor", np.float64),  # NaN never
        ("shift_rolls", np.int64),  # 0: losses are not shifted
        ("shift_vix", np.float64),
        ("shift_range", np.float64),
        ("shift_delta", np.float64),
        ("shift_days", np.int64),
    ]
)

ACCOUNT = np.dtype(
    [
        ("equity", np.float64),  # USD at the start
        ("fill", np.float64),  # 0 mid … 1 touch, for hedges
        ("improvement", np.float64),  # of that, for every leg of a package after the first
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
        ("half", np.float64, (4,)),  # half the quoted spread of each, points
        ("gap", np.float64, (4,)),  # of the quoted mid over the smile's price, points
        ("quoted", np.uint8, (4,)),  # 1: the three are of a quote; else half and gap are 0
        ("credit", np.float64),  # points, net of the spread paid
        ("margin", np.float64),  # Reg-T, USD of the whole position
        ("opened", np.int64),
        ("shifts", np.int64),  # times its loss has been shifted on
        ("carried", np.float64),  # points earned and lost before the last shift
        ("loss", np.float64),  # points it cost to end
        ("due", np.int64),  # contracts that settled at a loss today
    ]
)

COHORT = np.dtype(
    [
        ("units", np.int64),  # structures held
        ("bought", np.int64),  # structures when it was opened
        ("cost", np.float64),  # USD paid per structure, futures at price, less ``base``
        ("base", np.float64),  # USD of a synthetic's strike; 0 for everything else
        ("rungs", np.int64),  # monetisation rungs already taken
        ("legs", np.int64),
        ("root", np.int64, (MAX_LEGS,)),
        ("right", np.int64, (MAX_LEGS,)),
        ("ratio", np.int64, (MAX_LEGS,)),  # signed contracts per structure
        ("expiry", np.int64, (MAX_LEGS,)),
        ("expiry_session", np.int64, (MAX_LEGS,)),
        ("strike", np.float64, (MAX_LEGS,)),
        ("mid", np.float64, (MAX_LEGS,)),  # last marks, points
        ("half", np.float64, (MAX_LEGS,)),  # as of a condor
        ("gap", np.float64, (MAX_LEGS,)),
        ("quoted", np.uint8, (MAX_LEGS,)),
        ("aged", np.float64),  # USD of one structure a day on in an unchanged market
        ("aged_on", np.int64),  # date of that figure; 0 where there is none
    ]
)

LAYER_STATE = np.dtype(
    [
        ("next_roll", np.int64),  # date before which an empty layer stays in cash
        ("meter", np.float64),  # USD that may still be spent
        ("carry_rate", np.float64),  # USD per calendar day in an unchanged market
        ("weight", np.float64),  # share of the hedge now in force
        ("target", np.float64),  # working figure of a day's tilt or rebalancing
        ("extrinsic", np.float64),  # time value paid for the bought option, points
        ("outlay", np.float64),  # USD that the last purchase took, margin included
        ("peak", np.float64),  # highest VIX since the first rung; 0 while none was taken
        ("stages_left", np.int64),  # parts of a re-entry still to buy
        ("stage_date", np.int64),  # first date of the next part
        ("deferred", np.int64),  # sessions an order has been waiting
    ]
)

STATE = np.dtype(
    [
        ("start", np.int64),  # first session that is stepped; before it the book stands as given
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
        ("fills_fitted", np.int64),
        ("trades", np.int64),  # rows written to the trade log
        ("decisions", np.int64),
        ("condors", np.int64),  # rows written to the condor log
        ("wins", np.int64),
        ("closed", np.int64),
        ("ruined", np.uint8),
        ("judged", np.int64),  # scenarios that the book's tail was last measured on, plus one
        ("cvar", np.float64),  # that tail, fraction of NAV
        ("tilt_streak", np.int64),  # sessions in a row that weights have asked to move
        ("drift_streak", np.int64),
        ("next_event", np.int64),  # date of the next scheduled event; 0 where none is known
        ("roll_past", np.int64, (3,)),  # date that a layer's next expiry must exceed; 0 any
        ("inverted", np.uint8),  # 1: the curve was inverted when rules last looked
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
        ("paid", np.float64, (3,)),  # cumulative capital put into each layer, margin included
        ("worth", np.float64, (3,)),  # capital in each layer at the close, margin included
        ("weight", np.float64, (3,)),  # shares of the hedge in force
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
