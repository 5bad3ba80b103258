"""Orders in the forms that brokers read, and read back from them.

Each form has a writer and a reader, and what is read back must be what was written: the same
contracts on the same sides, as many, at the same price. The price is a
``alvh.contracts.net_price.NetPrice``, so a credit stays a credit whatever sign a form wants:

========================= =====================================================
form                      a credit is
========================= =====================================================
Interactive Brokers       a negative limit of a combination that is bought
tastytrade                a positive price with the effect *Credit*
thinkorswim               a price of what is *sold*; what is *bought* is a debit
========================= =====================================================

Nothing here sends an order.
"""

from alvh.desk.forms.form import OrderForm, form_of

__all__ = ["OrderForm", "form_of"]
