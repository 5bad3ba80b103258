"""Readers for the files people actually have.

A file is recognised by what is in it first and by its name only where content leaves a doubt (a
column called ``value`` does not say of what). Each reader ends in the plain records of
``records``: daily series, futures quotes, settlements, event dates, monthly tables. ``futures``
and ``assemble`` merge what several files say about the same thing by a declared order, and
report where they disagree.

Two kinds of fault are kept apart. A fault of structure (a cut file, a date twice, text where a
number belongs, a price ten times its neighbours) raises ``DataError``: nobody can know what else
is wrong in such a file. A fault that a vendor is known for, or a bad cell in a series that the
book can do without, is refused: the value is absent and the report says so.

Nothing here knows a strategy.
"""
