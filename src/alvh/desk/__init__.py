"""The desk: what is recorded, what is in force, and what may be ordered.

The ledger keeps events and knows nothing of their meaning; here they get one. The one idea: the
state of the desk is a fold over its events. No file says which policy is in force, whether trading
is halted or how many orders are left; all of it is read off the chain, so that it cannot be set
without leaving a record.

The trader's side is here too: a book is a list of fills and cash flows that a person can write and
a broker can confirm, and positions are the fold of them. A decision of ``alvh.advise`` becomes
tickets in the forms that brokers read, and what was filled is held against what was ordered.
Nothing here sends an order.
"""
