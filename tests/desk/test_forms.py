"""Every order in every form, written and read back: the same trade, and no credit as a debit."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.advise.instrument import parse_instrument
from alvh.contracts.net_price import NetPrice
from alvh.desk.forms import OrderForm
from alvh.desk.forms.ibkr import (
    basket,
    ib_async_contracts,
    ib_async_order,
    limit_price,
    read_basket,
    read_ib_async,
)
from alvh.desk.forms.tastytrade import order_json, read_order_json
from alvh.desk.forms.thinkorswim import order_line, read_order_line
from alvh.errors import BookError, PricingError

CENTS = st.integers(0, 50_000).map(lambda cents: Decimal(cents) / 100)


def option(root, day, right, strike):
    return parse_instrument(f"{root}{day}{right}{round(1000 * strike):08d}")


@st.composite
def condors(draw):
    root, day = draw(st.sampled_from([("SPX", "200320"), ("SPXW", "200403"), ("SPXW", "200320")]))
    low = draw(st.integers(300, 600)) * 5
    gaps = draw(st.tuples(*[st.integers(1, 80)] * 3))
    strikes = [low, low + 5 * gaps[0], low + 5 * (gaps[0] + gaps[1]), low + 5 * sum(gaps)]
    side = draw(st.sampled_from([1, -1]))
    rights, signs = "PPCC", (1, -1, -1, 1)
    return tuple(
        (option(root, day, right, strike), side * sign)
        for right, strike, sign in zip(rights, strikes, signs, strict=True)
    )


@st.composite
def layers(draw):
    root, day = draw(st.sampled_from([("VIX", "200318"), ("VIX", "200617"), ("VIXW", "200325")]))
    strike = draw(st.integers(20, 160)) / 2
    other = strike + draw(st.integers(1, 40)) / 2
    side = draw(st.sampled_from([1, -1]))
    one, two = option(root, day, "C", strike), option(root, day, "C", other)
    kind = draw(st.sampled_from(["single", "vertical", "ratio", "put"]))
    if kind == "put":
        return ((option("SPXW", "200403", "P", 2500.0), side),)
    legs = {
        "single": ((one, side),),
        "vertical": ((one, side), (two, -side)),
        "ratio": ((two, 2 * side), (one, -side)),
    }
    return legs[kind]


@st.composite
def forms(draw):
    legs = draw(st.one_of(condors(), layers(), st.just(((parse_instrument("VX200318"), 1),))))
    points = draw(CENTS)
    ratios = [ratio for _, ratio in legs]
    credit = draw(st.booleans()) if min(ratios) < 0 < max(ratios) else max(ratios) < 0
    limit = NetPrice.credit(points) if credit else NetPrice.debit(points)
    quantity = draw(st.integers(1, 5_000))
    return OrderForm("20200221-x-1", quantity, legs, limit, draw(st.booleans()))


@given(forms())
def test_a_basket_comes_back_the_same(form):
    (back,) = read_basket(basket([form]))
    assert back.same == form.same
    assert back.name == form.name


@given(forms())
def test_a_tastytrade_order_comes_back_the_same(form):
    back = read_order_json(order_json(form))
    assert back.same == form.same
    assert (back.opens, back.name) == (form.opens, form.name)


@given(forms())
def test_a_thinkorswim_line_comes_back_the_same(form):
    back = read_order_line(order_line(form))
    assert back.same == form.same


@given(forms())
def test_order_objects_come_back_the_same(form):
    pytest.importorskip("ib_async")
    ids = {leg: 1000 + place for place, (leg, _) in enumerate(form.legs)}
    contract, order = ib_async_order(form, ids)
    assert order.transmit is False
    assert len(ib_async_contracts(form)) == len(form.legs)
    assert read_ib_async(contract, order, ids).same == form.same


@given(forms())
def test_a_credit_has_the_sign_of_its_form(form):
    """A combination's credit is negative at Interactive Brokers, *Credit* at tastytrade, and a
    sale at thinkorswim."""
    credit = form.limit.is_credit
    told = json.loads(order_json(form))
    assert (told["price-effect"] == "Credit") == credit
    assert Decimal(told["price"]) >= 0
    sold = all(ratio < 0 for _, ratio in form.legs)  # at 0.00, where nothing is received
    assert order_line(form).startswith("SELL") == (credit or sold)
    if len(form.legs) > 1:
        assert (limit_price(form) < 0) == credit


def condor_form(limit, side=1):
    strikes = ("P", 2875.0), ("P", 3120.0), ("C", 3470.0), ("C", 3550.0)
    legs = tuple(
        (option("SPXW", "200403", right, strike), side * sign)
        for (right, strike), sign in zip(strikes, (1, -1, -1, 1), strict=True)
    )
    return OrderForm("20200221-condors-1", 2, legs, limit, side > 0)


def test_the_forms_of_a_condor_by_hand():
    form = condor_form(NetPrice.credit("20.45"))
    assert order_line(form) == (
        "SELL -2 IRON CONDOR SPX 100 (Weeklys) 3 APR 20 3470/3550/3120/2875 CALL/PUT @20.45 LMT"
    )
    row = basket([form]).splitlines()[1]
    assert row.startswith("BUY,2,SPX,BAG,")
    assert ",LMT,-20.45,20200221-condors-1," in row
    assert "SPXW  200403P03120000/1/SELL" in row
    told = json.loads(order_json(form))
    assert (told["price"], told["price-effect"]) == ("20.45", "Credit")
    assert told["legs"][1] == {
        "instrument-type": "Equity Option", "symbol": "SPXW  200403P03120000", "quantity": 2,
        "action": "Sell to Open",
    }  # fmt: skip


def test_a_sale_at_nothing_is_a_sale():
    """A Sell to Close at 0.00: were the line a BUY, it would double what was to be got rid of."""
    form = OrderForm("x", 3, ((option("VIX", "200318", "C", 25.0), -1),), NetPrice.debit(0), False)
    assert order_line(form) == "SELL -3 VIX 100 18 MAR 20 25 CALL @0.00 LMT"
    assert read_order_line(order_line(form)).legs == form.legs


def test_closing_a_condor_costs():
    form = condor_form(NetPrice.debit("9.60"), side=-1)
    assert order_line(form).startswith("BUY +2 IRON CONDOR")
    assert ",LMT,9.60," in basket([form])
    assert json.loads(order_json(form))["legs"][0]["action"] == "Sell to Close"


def test_contract_numbers_replace_symbols_where_they_are_known():
    form = condor_form(NetPrice.credit("20.45"))
    ids = {leg: 500 + place for place, (leg, _) in enumerate(form.legs)}
    text = basket([form], ids)
    assert "500/1/BUY;501/1/SELL;502/1/SELL;503/1/BUY" in text
    assert read_basket(text, ids)[0].same == form.same


def test_a_combination_without_contract_numbers_is_refused():
    pytest.importorskip("ib_async")
    with pytest.raises(BookError, match="contract number"):
        ib_async_order(condor_form(NetPrice.credit("1")), {})


@pytest.mark.parametrize(("side", "limit"), [(1, NetPrice.credit(1)), (-1, NetPrice.debit(1))])
@pytest.mark.parametrize("write", [order_json, order_line, lambda form: basket([form])])
def test_buying_for_a_credit_is_refused(side, limit, write):
    form = OrderForm("x", 1, ((option("VIX", "200318", "C", 25.0), side),), limit, True)
    with pytest.raises(BookError, match="contradicts its legs"):
        write(form)


@pytest.mark.parametrize("make", [NetPrice.credit, NetPrice.debit])
@pytest.mark.parametrize("points", [-0.05, "-1", float("nan"), "x", float("inf")])
def test_a_size_that_is_negative_or_no_number_is_refused(make, points):
    with pytest.raises(PricingError):
        make(points)


@given(CENTS)
def test_signed_cash_by_hand(points):
    assert NetPrice.credit(points).received == points
    assert NetPrice.debit(points).received == -points
    assert NetPrice.of_flow(-points) == NetPrice.debit(points)
    assert Decimal(NetPrice.credit(points).plain()) == points


def test_a_future_is_named_by_its_month():
    form = OrderForm("f", 3, ((parse_instrument("VX200318"), 1),), NetPrice.debit("15.25"), True)
    assert order_line(form) == "BUY +3 /VXH20 @15.25 LMT"
    assert json.loads(order_json(form))["legs"][0]["symbol"] == "/VXH0"
    assert read_order_line("BUY +3 /VXH20 @15.25 LMT").legs[0][0].expiry == date(2020, 3, 18)


@pytest.mark.parametrize("text", [
    "BUY +1 VIX 100 18 MAR 20 25 CALL @1.5 GTC", "BUY 1 VIX", "",
    "SELL -1 IRON CONDOR SPX 100 20 MAR 20 3000/3100 CALL/PUT @1 LMT",
])  # fmt: skip
def test_another_line_is_refused(text):
    with pytest.raises(BookError):
        read_order_line(text)
