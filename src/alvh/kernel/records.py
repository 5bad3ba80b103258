"""The records that cross the narrow waist: one market day, and the expiries that can be traded.

A market day, real or imagined, is one row of ``DAY``. Everything the engine may know of the
market on that day is in the row; nothing in a row depends on a later day. What signals say of the
day, as far as a policy listens, is a row of ``GUIDE``, read as many sessions back as the policy
says.
"""

import numpy as np

CURVE_NODES = 14  # listed VIX expiries carried per day, nearest first
SPX_SMILE = 16  # width of the SPX smile parameter vector (meaning: kernel/smiles.py)
VIX_SMILE = 8  # width of the VIX smile parameter vector (meaning: kernel/smiles.py)

DAY = np.dtype(
    [
        ("date", np.int64),  # days since 1970-01-01
        ("session", np.int64),  # running number of the session in the exchange calendar
        ("tradable", np.uint8),  # 0: an input needed for pricing is missing, nothing may trade
        ("spx", np.float64),  # S&P 500 close, index points
        ("spx_open_settlement", np.float64),  # value that AM-settled SPX options settle to today
        ("vix", np.float64),  # spot VIX close, volatility points
        ("vix9d", np.float64),  # VIX9D close, volatility points; NaN where absent
        ("hv20", np.float64),  # realised volatility of the last 20 returns to today, decimal
        ("rate", np.float64),  # money-market rate, continuously compounded, act/365
        ("dividend_yield", np.float64),  # of the S&P 500, continuously compounded
        ("vix_settlement", np.float64),  # final settlement if a VIX expiry settles today, else NaN
        ("vix_settlement_quoted", np.uint8),  # 1: published value, 0: estimated
        ("curve_expiry", np.int64, (CURVE_NODES,)),  # monthly VIX expiries after today, ascending
        ("curve_forward", np.float64, (CURVE_NODES,)),  # VIX forward per node, volatility points
        ("curve_quoted", np.uint8, (CURVE_NODES,)),  # 1: an exchange settlement, 0: modelled
        ("etp_short", np.float64),  # short-term VIX futures basket, price per share
        ("etp_mid", np.float64),  # mid-term VIX futures basket, price per share
        ("spx_smile", np.float64, (SPX_SMILE,)),
        ("vix_smile", np.float64, (VIX_SMILE,)),
        ("spx_fitted", np.uint8),  # 1: the smile is fitted to the day's own quotes
        ("vix_fitted", np.uint8),
        ("spx_widening", np.float64),  # quoted over modelled spreads, less one; 0 without quotes
        ("vix_widening", np.float64),
        ("quote_first", np.int64),  # its rows of the quotes: from this one
        ("quote_end", np.int64),  # up to this one; none where the two are equal
    ]
)

QUOTE = np.dtype(
    [
        ("root", np.int8),  # SPX, SPXW or VIX; weekly VIX options have the root of the monthly ones
        ("right", np.int8),
        ("expiry", np.int32),  # settlement date, days since 1970-01-01
        ("strike", np.float64),  # points
        ("bid", np.float64),  # points; 0 where nobody bids
        ("ask", np.float64),
        ("delta", np.float64),  # absolute, against the chain's own forward; NaN not known
    ]
)

GUIDE = np.dtype(
    [
        ("factor", np.float64, (3,)),  # of each layer's weight, within the tilt's bounds
        ("inverted", np.uint8),  # VIX over VIX3M is above the policy's threshold
        ("strong", np.uint8, (3,)),  # the front future's RSI is above the layer's level
        ("distorted", np.uint8),  # the front future's basis is out of line
        ("next_event", np.int64),  # date of the next scheduled event; 0 where none is known
        ("event_ahead", np.uint8),  # an event that the programme steps aside for is near
        ("range_scale", np.float64),  # calibration of the expected daily range; NaN not known yet
        ("premium", np.float64),  # percentile of implied over realised; NaN not known yet
        ("scenarios", np.int64),  # row of the scenarios for the book's tail; −1 without
        ("least_cvar", np.float64),  # CVaR at which the steward's score is at its limit
    ]
)

EXPIRY = np.dtype(
    [
        ("date", np.int64),  # settlement date, days since 1970-01-01
        ("session", np.int64),  # its running session number
        ("listed", np.int64),  # first date on which it can be traded
        ("am", np.uint8),  # 1: settles to the opening auction of `date`
        ("monthly", np.uint8),  # 1: third-Friday (SPX) or monthly (VIX) expiry
    ]
)

NO_QUOTES = np.zeros(0, QUOTE)  # of days without chains
