"""What a trader asks of the book he holds: what if, what next, how healthy, and why.

Here live the scenarios of a held book (``project``, ``replay``), the choice of the next structure
(``shift``), the health of the hedge (``health``), the careful and the bold way to fill the account
(``steward``), the layers as a weighted pool (``pool``) and the account of one day's decision
(``explain``). Nothing here decides or trades: decisions are the kernel's, and every figure is a
reading of a book that the kernel made or of its own valuation functions.
"""
