"""What one unit of a hedge layer is: one or two legs, what they cost, bring and would gain."""

import math
from dataclasses import dataclass, replace

from alvh.contracts.rules import future_margin
from twin import listing
from twin.market import BASKETS, CALM, Contract, Shock, at_strike, spx_beta, vix_beta

BASKET_OF = {"basket_short": "ETP_SHORT", "basket_mid": "ETP_MID"}
FUTURES = ("vix_future", "vix_futures_spread")
BACKSPREADS = ("vix_backspread", "spx_put_backspread")


@dataclass
class Structure:
    """Legs with signed ratios and their last mids."""

    legs: list
    ratios: list
    mids: list
    strike_usd: float = 0.0  # of a synthetic: what its puts and futures are above calls

    def lines(self):
        return list(zip(self.legs, self.ratios, self.mids, strict=True))

    @property
    def expiry(self):
        return self.legs[0].expiry

    @property
    def is_basket(self):
        return self.legs[0].root in BASKETS

    @property
    def sells_the_dearer(self):
        """A back-spread, or a call spread of puts: capital stands for the distance of strikes."""
        return self.ratios == [2, -1] or (
            len(self.legs) == 2 and all((leg.root, leg.right) == ("VIX", "P") for leg in self.legs)
        )

    def together(self, leg):
        """Legs that trade as one order with this one: those of its root."""
        return sum(other.root == leg.root for other in self.legs)

    @property
    def value(self):
        """USD at the last marks, futures at their price, a synthetic as the calls it stands for."""
        total = sum(ratio * mid * leg.multiplier for leg, ratio, mid in self.lines())
        return total - self.strike_usd

    @property
    def paid_value(self):
        """USD of what has been paid for: everything but futures."""
        return sum(
            ratio * mid * leg.multiplier for leg, ratio, mid in self.lines() if not leg.is_future
        )

    def margin(self, market):
        """USD tied up beside the premium: futures margin, or a back-spread's distance."""
        if self.sells_the_dearer:
            near, far = self.legs
            return abs(self.ratios[1]) * abs(near.strike - far.strike) * near.multiplier
        margins = [
            abs(ratio) * future_margin(mid, market.tau(leg))
            for leg, ratio, mid in self.lines()
            if leg.is_future
        ]
        return max(margins, default=0.0)

    def quotes(self, market, account, side, impact=None):
        """(leg, signed contracts, fill, fee of one contract, mid) of one unit; side +1 buys.

        ``impact`` says how much of its half-spread an order in a leg of that ratio pays.
        """
        out = []
        for leg, ratio, mid in self.lines():
            direction = 1 if side * ratio > 0 else -1
            together = self.together(leg)
            phi = account.phi(together) * (impact(abs(ratio)) if impact else 1.0)
            price = market.fill(leg, mid, phi, direction, together == 2)
            fee = market.fee(leg, price, account, together == 2)
            out.append((leg, side * ratio, price, fee, mid))
        return out

    def cost(self, market, account):
        """USD that buying one unit takes out of what is free."""
        total = 0.0
        for leg, quantity, price, fee, _ in self.quotes(market, account, +1):
            total += abs(quantity) * fee
            if not leg.is_future:
                total += quantity * price * leg.multiplier
        if self.sells_the_dearer:
            return max(total, self.margin(market))
        return total + self.margin(market)

    def liquidation(self, market, account):
        """USD that selling one unit brings."""
        paid = sum(
            quantity * price * leg.multiplier + abs(quantity) * fee
            for leg, quantity, price, fee, _ in self.quotes(market, account, -1)
        )
        return -paid - self.strike_usd

    def gain(self, market, shock):
        """USD one unit gains at mid in a shock."""
        return sum(
            ratio * leg.multiplier * (market.value(leg, shock) - market.value(leg, CALM))
            for leg, ratio, _ in self.lines()
        )

    def spot_vix_delta(self, market):
        """USD that one point of spot VIX brings: each forward follows by its beta."""
        total = 0.0
        for leg, ratio, mid in self.lines():
            size, tau = ratio * leg.multiplier, market.tau(leg)
            if leg.is_future:
                total += size * mid * vix_beta(tau) / market.vix
            elif leg.root == "VIX":
                discount = math.exp(-market.rate * tau / 365.0)
                per_point = market.delta(leg) * (1.0 if leg.right == "C" else -1.0) * discount
                total += size * per_point * market.forward(leg) * vix_beta(tau) / market.vix
            else:
                sigma = market.sigma(leg, market.forward(leg), leg.strike)
                total += ratio * market.vega(leg) * sigma * spx_beta(tau) / market.vix
        return total

    def decay(self, market, account, days):
        """USD a day of holding one unit in an unchanged market, bought and sold once."""
        trading = 0.0
        for side in (1, -1):
            for leg, quantity, price, fee, mid in self.quotes(market, account, side):
                trading += quantity * (price - mid) * leg.multiplier + abs(quantity) * fee
        return (trading - self.gain(market, Shock(days=days))) / days

    def time_value(self, market):
        """Points the bought VIX option is worth beyond exercise; 0 for anything else."""
        leg = self.legs[0]
        if leg.root != "VIX":
            return 0.0
        away = market.forward(leg) - leg.strike
        intrinsic = max(away if leg.right == "C" else -away, 0.0)
        return self.mids[0] - intrinsic * math.exp(-market.rate * market.tau(leg) / 365.0)

    def one_day(self, market):
        return self.gain(market, Shock(days=1))

    def vega(self, market):
        return sum(
            ratio * market.vega(leg)
            for leg, ratio, _ in self.lines()
            if leg.root in ("SPX", "SPXW", "VIX")
        )


def build(market, layer, spx_listing, vix_listing, shortest=None):
    """The structure a layer would buy today, or None where nothing suitable is listed.

    ``shortest``: days to expiry it must exceed, in place of the layer's roll.
    """
    shortest = layer.roll_days if shortest is None else shortest
    if layer.instrument in BASKET_OF:
        due = market.date + layer.tenor_days
        return _priced(market, [(Contract(BASKET_OF[layer.instrument], "", due, 0, 0.0), 1)])
    if layer.instrument in ("spx_put", "spx_put_backspread"):
        return _priced(market, _spx_puts(market, layer, spx_listing))
    row = listing.nearest_vix(vix_listing, market, layer.weeklies, layer.tenor_days, shortest)
    return build_on(market, layer, vix_listing, row)


def build_on(market, layer, vix_listing, row):
    """The VIX structure of a layer at one expiry."""
    if row is None:
        return None
    if layer.instrument in FUTURES:
        return _priced(market, _futures(layer, vix_listing, row))
    return _priced(market, _vix_calls(market, layer, row))


def _priced(market, legs):
    if legs is None:
        return None
    contracts = [leg for leg, _ in legs]
    return Structure(contracts, [r for _, r in legs], [market.value(leg) for leg in contracts])


def _futures(layer, vix_listing, near):
    legs = [(Contract("VX", "", near.date, near.session, 0.0), 1)]
    if layer.instrument == "vix_futures_spread":
        far = vix_listing.next_monthly_after(near.date)
        legs.append((Contract("VX", "", far.date, far.session, 0.0), -1))
    return legs


def _vix_calls(market, layer, expiry):
    call = Contract("VIX", "C", expiry.date, expiry.session, 1.0)
    bought = _strike(market, layer, call)
    if layer.instrument == "vix_call":
        return [(at_strike(call, bought), 1)]
    if layer.financing is not None:  # the lowest strike that is cheap enough
        most = layer.financing * market.value(at_strike(call, bought))
        sold = listing.out_by_one(market, call, bought, +1)
        while market.value(at_strike(call, sold)) > most:
            sold = listing.out_by_one(market, call, sold, +1)
        return [(at_strike(call, bought), 1), (at_strike(call, sold), -1)]
    sold = listing.by_delta(market, call, layer.short_delta)
    if layer.instrument == "vix_call_spread":  # sells the dearer strike
        if sold <= bought:
            sold = listing.out_by_one(market, call, bought, +1)
        return [(at_strike(call, bought), 1), (at_strike(call, sold), -1)]
    if sold >= bought:
        sold = listing.out_by_one(market, call, bought, -1)
    return [(at_strike(call, bought), 2), (at_strike(call, sold), -1)]


def synthetic(market, structure, both):
    """Ten calls as ten puts and a future; with ``both`` a call spread as a put spread."""
    legs, ratios, strike_usd = [], [], 0.0
    for place, (leg, ratio, _) in enumerate(structure.lines()):
        ratios.append(10 * ratio)
        if place > 0 and not both:
            legs.append(leg)
            continue
        future = market.forward(leg)
        legs.append(replace(leg, right="P"))
        discounted = math.exp(-market.rate * market.tau(leg) / 365.0) * (future - leg.strike)
        strike_usd += 1000.0 * ratio * ((0.0 if both else future) - discounted)
    if not both:
        first = structure.legs[0]
        legs.append(Contract("VX", "", first.expiry, first.expiry_session, 0.0))
        ratios.append(structure.ratios[0])
    return Structure(legs, ratios, [market.value(leg) for leg in legs], strike_usd)


def synthetic_savings(market, structure, account, days):
    """USD saved on ten units by (puts and a future, puts for both legs); None where there is none.

    Spreads and fees count both ways, the gap of parity once, and margin costs the debit spread.
    """
    first = structure.legs[0]
    if (first.root, first.right) != ("VIX", "C"):
        return None, None

    def both_ways(leg, contracts):
        mid = market.value(leg)
        given = account.fill * market.half_spread(leg, mid) * leg.multiplier
        return 2 * contracts * (given + market.fee(leg, mid, account, in_package=False))

    def swap(leg, ratio):
        put = replace(leg, right="P")
        away = math.exp(-market.rate * market.tau(leg) / 365.0) * (market.forward(leg) - leg.strike)
        gap = market.value(leg) - market.value(put) - away
        saved = both_ways(leg, 10 * abs(ratio)) - both_ways(put, 10 * abs(ratio))
        return saved + 1000.0 * ratio * gap

    future = Contract("VX", "", first.expiry, first.expiry_session, 0.0)
    size = abs(structure.ratios[0])
    tied = size * future_margin(market.forward(first), market.tau(future))
    yearly = account.debit_spread * days / 365.0
    one = swap(first, structure.ratios[0]) - both_ways(future, size) - tied * yearly
    if structure.ratios != [1, -1]:
        return one, None
    far = structure.legs[1]
    both = swap(first, 1) + swap(far, -1) - 1000.0 * abs(far.strike - first.strike) * yearly
    return one, both


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
