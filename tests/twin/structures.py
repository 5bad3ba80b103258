"""What one unit of a hedge layer is: one or two legs, what they cost, bring and would gain."""

from dataclasses import dataclass

from alvh.contracts.rules import future_margin
from twin import listing
from twin.market import BASKETS, CALM, Contract, Shock, at_strike

BASKET_OF = {"basket_short": "ETP_SHORT", "basket_mid": "ETP_MID"}
FUTURES = ("vix_future", "vix_futures_spread")
BACKSPREADS = ("vix_backspread", "spx_put_backspread")


@dataclass
class Structure:
    """Legs with signed ratios and their last mids."""

    legs: list
    ratios: list
    mids: list

    def lines(self):
        return list(zip(self.legs, self.ratios, self.mids, strict=True))

    @property
    def expiry(self):
        return self.legs[0].expiry

    @property
    def is_basket(self):
        return self.legs[0].root in BASKETS

    @property
    def is_backspread(self):
        return self.ratios == [2, -1]

    @property
    def in_package(self):
        return len(self.legs) == 2

    @property
    def value(self):
        """USD at the last marks, futures at their price."""
        return sum(ratio * mid * leg.multiplier for leg, ratio, mid in self.lines())

    @property
    def paid_value(self):
        """USD of what has been paid for: everything but futures."""
        return sum(
            ratio * mid * leg.multiplier for leg, ratio, mid in self.lines() if not leg.is_future
        )

    def margin(self, market):
        """USD tied up beside the premium: futures margin, or a back-spread's distance."""
        if self.is_backspread:
            near, far = self.legs
            return abs(near.strike - far.strike) * near.multiplier
        margins = [
            abs(ratio) * future_margin(mid, market.tau(leg))
            for leg, ratio, mid in self.lines()
            if leg.is_future
        ]
        return max(margins, default=0.0)

    def quotes(self, market, account, side):
        """(leg, signed contracts, fill, fee of one contract, mid) of one unit; side +1 buys."""
        out = []
        for leg, ratio, mid in self.lines():
            direction = 1 if side * ratio > 0 else -1
            price = market.fill(leg, mid, account.fill, direction, self.in_package)
            fee = market.fee(leg, price, account, self.in_package)
            out.append((leg, side * ratio, price, fee, mid))
        return out

    def cost(self, market, account):
        """USD that buying one unit takes out of what is free."""
        total = 0.0
        for leg, quantity, price, fee, _ in self.quotes(market, account, +1):
            total += abs(quantity) * fee
            if not leg.is_future:
                total += quantity * price * leg.multiplier
        if self.is_backspread:
            return max(total, self.margin(market))
        return total + self.margin(market)

    def liquidation(self, market, account):
        """USD that selling one unit brings."""
        return -sum(
            quantity * price * leg.multiplier + abs(quantity) * fee
            for leg, quantity, price, fee, _ in self.quotes(market, account, -1)
        )

    def gain(self, market, shock):
        """USD one unit gains at mid in a shock."""
        return sum(
            ratio * leg.multiplier * (market.value(leg, shock) - market.value(leg, CALM))
            for leg, ratio, _ in self.lines()
        )

    def one_day(self, market):
        return self.gain(market, Shock(days=1))

    def vega(self, market):
        return sum(
            ratio * market.vega(leg)
            for leg, ratio, _ in self.lines()
            if leg.root in ("SPX", "SPXW", "VIX")
        )


def build(market, layer, spx_listing, vix_listing):
    """The structure a layer would buy today, or None where nothing suitable is listed."""
    if layer.instrument in BASKET_OF:
        due = market.date + layer.tenor_days
        legs = [(Contract(BASKET_OF[layer.instrument], "", due, 0, 0.0), 1)]
    elif layer.instrument in ("spx_put", "spx_put_backspread"):
        legs = _spx_puts(market, layer, spx_listing)
    elif layer.instrument in FUTURES:
        legs = _futures(market, layer, vix_listing)
    else:
        legs = _vix_calls(market, layer, vix_listing)
    if legs is None:
        return None
    contracts = [leg for leg, _ in legs]
    return Structure(contracts, [r for _, r in legs], [market.value(leg) for leg in contracts])


def _futures(market, layer, vix_listing):
    near = listing.nearest_vix(
        vix_listing, market, layer.weeklies, layer.tenor_days, layer.roll_days
    )
    if near is None:
        return None
    legs = [(Contract("VX", "", near.date, near.session, 0.0), 1)]
    if layer.instrument == "vix_futures_spread":
        far = vix_listing.next_monthly_after(near.date)
        legs.append((Contract("VX", "", far.date, far.session, 0.0), -1))
    return legs


def _vix_calls(market, layer, vix_listing):
    expiry = listing.nearest_vix(
        vix_listing, market, layer.weeklies, layer.tenor_days, layer.roll_days
    )
    if expiry is None:
        return None
    call = Contract("VIX", "C", expiry.date, expiry.session, 1.0)
    bought = _strike(market, layer, call)
    if layer.instrument == "vix_call":
        return [(at_strike(call, bought), 1)]
    sold = listing.by_delta(market, call, layer.short_delta)
    if layer.instrument == "vix_call_spread":  # sells the dearer strike
        if sold <= bought:
            sold = listing.out_by_one(market, call, bought, +1)
        return [(at_strike(call, bought), 1), (at_strike(call, sold), -1)]
    if sold >= bought:
        sold = listing.out_by_one(market, call, bought, -1)
    return [(at_strike(call, bought), 2), (at_strike(call, sold), -1)]


def _strike(market, layer, contract):
    if layer.strike is not None:
        return listing.nearest_listed(market, contract, layer.strike)
    return listing.by_delta(market, contract, layer.delta)


def _spx_puts(market, layer, spx_listing):
    expiry = listing.nearest_spx(spx_listing, market, False, layer.tenor_days, layer.roll_days)
    if expiry is None:
        return None
    root = "SPX" if expiry.am else "SPXW"
    put = Contract(root, "P", expiry.date, expiry.session, market.spx)
    bought = _strike(market, layer, put)
    if layer.instrument == "spx_put":
        return [(at_strike(put, bought), 1)]
    sold = listing.by_delta(market, put, layer.short_delta)
    if sold <= bought:
        sold = listing.out_by_one(market, put, bought, +1)
    return [(at_strike(put, bought), 2), (at_strike(put, sold), -1)]
