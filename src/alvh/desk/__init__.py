"""The trader's side: the book as a file, statements read into it, tickets, and what came back.

A book is a list of fills and cash flows that a person can write and a broker can confirm;
positions are the fold of them. What to trade is decided in ``alvh.advise``; here a decision
becomes tickets in the forms that brokers read, and fills are held against what was ordered. Nothing
here sends an order, and nothing here knows a rule of the strategy.
"""
