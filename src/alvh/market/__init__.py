"""The market as it was: from files of many vendors to one frozen history, and from it to prices.

What lives here: readers for the files people download (``sources``), the ``History`` they end in,
and everything that turns a history into prices: the VIX futures curve, the SPX and VIX smiles,
settlement values, Cboe's VIX formula and the futures indices.

What does not: decisions. Nothing in this package knows a policy, a position or a budget, and
nothing here asks what day it is or what the network has to say; the one exception,
``sources.pull``, is told both by its caller.

The one idea: a value is either what a named file said on a named line, or it is absent. A cell
that cannot be right is refused with its reason and stays absent; a file that cannot be right
stops the load with one line that says where, what was wanted, and what to do.
"""
