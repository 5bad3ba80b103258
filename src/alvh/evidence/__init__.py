"""What a run is worth, against what else could have been done with the same money or risk.

Here live the measures of an account (return, drawdown, tail), the named crises, the comparison
of hedges at preset size, at equal carry and at equal outlay, its intervals and its verdict in
words. Nothing here trades, prices or draws: results come from the engine, figures belong to the
report.

The one idea: a figure of a hedged book is never shown alone. It stands beside its unhedged twin,
beside the book that simply sold fewer condors, with what it cost, with an interval for the
difference, and with the share of its fills that a model priced.
"""
