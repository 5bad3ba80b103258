"""Option chains: what was quoted, contract by contract, from any vendor's file to one table.

What lives here: readers for the files that people who have option quotes have them in, the one
table all of them end in (``table``), the folder it is kept in (``store``), the checks that say
which quotes cannot be believed and why (``checks``), and the pull of today's delayed chains.

What does not: models. Nothing here prices an option or fits a smile; a bound that a check uses is
arithmetic on quotes of the same snapshot.

The one idea: a row is one contract at one moment as a named line of a named file quoted it. A
line that cannot be such a row is refused with its reason and kept beside the table; the lines
before and after it are not lost with it.
"""
