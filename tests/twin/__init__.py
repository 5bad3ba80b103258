"""A slow, obvious engine: the specification of the day step as plain Python objects.

It is written from ``docs/engine.md`` and shares no code with the compiled engine but what has
tests of its own: the smiles, the VIX forward, half-spreads, ticks, fees, strike intervals and the
margin of a future. Black-76, the choice of contracts, sizing, cash, settlement, monetisation and
metering are written again here, in the words of the page.
"""
