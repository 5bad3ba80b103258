"""The arithmetic of one market day, compiled.

Here live the option formula, the smiles of SPX and VIX, and the day step that turns a day's record,
a policy and a book into orders, fills and a new book. Everything is a number or an array of
numbers; dates are days since 1970, reasons and kinds are integer codes, a world is a sequence of
``DAY`` rows. Nothing here reads a file, knows a table or a clock, or raises: input is judged
before it comes here, and what the market cannot offer is a code in the answer.

The one idea is that a decision is made in one place. A backtest, a sweep of ten thousand policies
and the ticket for tomorrow run the same compiled step over records of the same shape, so what was
tested is what is traded. Scalar code per world, worlds in parallel, keeps twenty years of daily
repricing at a few milliseconds.

Floating point is kept strict: nothing may be reassociated, and fused multiply-adds are written
out, so a number does not depend on the thread, the batch or the place in the batch where it was
computed.
"""
