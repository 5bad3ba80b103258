"""The hedge desk: settle, mark, take gains, roll, size and buy, one layer after the other."""

import math
from dataclasses import dataclass

from twin.structures import Structure, build

MIX_BASES = ("vega", "stress")
NO_LIMIT = 1e300


@dataclass
class Holding:
    structure: Structure
    units: int
    bought: int
    cost: float  # USD paid per unit, futures at price
    rungs: int = 0


@dataclass
class LayerBook:
    layer: object
    holding: Holding | None = None
    wait_until: int = 0
    meter: float | None = None  # USD; None until the first day
    carry_rate: float = 0.0

    @property
    def name(self):
        return self.layer.name


@dataclass(frozen=True)
class Means:
    """What a sizing rule looks at, at the moment it sizes."""

    nav: float
    free: float
    condors: int
    stress_loss: float


def largest_remainder(weights, total):
    """Whole shares of ``total``: floors, and the rest to the largest remainders, first come."""
    shares = [math.floor(w * total) for w in weights]
    remainders = [w * total - s for w, s in zip(weights, shares, strict=True)]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares


class HedgeDesk:
    """All layers of one policy."""

    def __init__(self, policy, account, ledger, spx_listing, vix_listing):
        self.policy = policy
        self.account = account
        self.ledger = ledger
        self.listings = spx_listing, vix_listing
        self.books = [LayerBook(layer) for layer in policy.layers if layer.weight > 0.0]

    @property
    def _held(self):
        return [book.holding for book in self.books if book.holding]

    @property
    def value(self):
        return sum(h.units * h.structure.paid_value for h in self._held)

    def margin(self, market):
        return sum(h.units * h.structure.margin(market) for h in self._held)

    def settle(self, market):
        for book in self.books:
            held = book.holding
            if held is None or held.structure.is_basket or held.structure.expiry > market.date:
                continue
            proceeds = 0.0
            for leg, ratio, mid in held.structure.lines():
                value, provenance = self._settlement(market, leg, mid)
                self.ledger.settle(book.name, leg, held.units * ratio, value, mid, provenance)
                proceeds += held.units * ratio * value * leg.multiplier
            self._refill(book, proceeds, held.units * held.cost)
            self.ledger.decide(book.name, "settled", "settle", held.units)
            book.holding = None

    def _settlement(self, market, leg, mid):
        """(points, provenance); a leg that outlives its structure leaves at its last mark."""
        if leg.expiry > market.date:
            return mid, "modelled"
        if leg.root in ("VIX", "VX"):
            known = not math.isnan(market.vix_settlement)
            level = market.vix_settlement if known else market.vix
            published = known and market.settlement_is_published
            provenance = "published" if published else "estimated"
        elif leg.root == "SPX":
            level, provenance = market.spx_open_settlement, "estimated"
        else:
            level, provenance = market.spx, "published"
        if leg.is_future:
            return level, provenance
        payoff = leg.strike - level if leg.right == "P" else level - leg.strike
        return max(payoff, 0.0), provenance

    def mark(self, market, days):
        for book in self.books:
            self.ledger.carry[book.name] += book.carry_rate * days
            if book.holding:
                structure = book.holding.structure
                fresh = [market.value(leg) for leg in structure.legs]
                for (leg, ratio, was), now in zip(structure.lines(), fresh, strict=True):
                    self.ledger.mark(book.name, leg, book.holding.units * ratio, was, now)
                structure.mids = fresh

    def note_carry(self, market):
        for book in self.books:
            held = book.holding
            book.carry_rate = held.units * held.structure.one_day(market) if held else 0.0

    def _refill(self, book, proceeds, cost):
        """The meter gets back what a sale recovered, never more than was paid."""
        if book.meter is not None:
            book.meter += min(max(proceeds, 0.0), max(cost, 0.0))

    def step(self, market, vix_signal, days, credits, means):
        """Decide each layer in turn; ``means`` is asked anew whenever a rule sizes."""
        for book in self.books:
            if self.policy.sizing.mode == "spend":
                self._accrue(book, means().nav, days, credits)
            if book.holding and not self._roll_due(market, book):
                if not self._take_gains(market, vix_signal, book):
                    self.ledger.decide(book.name, "held")
                continue
            if book.holding:
                units = book.holding.units
                self._sell(market, book, units, "close", "roll due")
                self.ledger.decide(book.name, "roll due", "close", units)
            elif market.date < book.wait_until:
                self.ledger.decide(book.name, "waiting for roll")
                continue
            self._open(market, book, means())

    def _accrue(self, book, nav, days, credits):
        sizing, layer = self.policy.sizing, book.layer
        share = sizing.scale * layer.weight * sizing.spend_per_year
        if sizing.spend_base == "credits":
            book.meter = (book.meter or 0.0) + share * credits
            return
        yearly = share * nav
        if book.meter is None:
            book.meter = yearly * (layer.tenor_days - layer.roll_days) / 365.0
        book.meter = min(book.meter + yearly * days / 365.0, yearly)

    @staticmethod
    def _roll_due(market, book):
        left = book.holding.structure.expiry - market.date
        if book.holding.structure.is_basket:
            return left <= 0
        return book.layer.roll_days > 0 and left <= book.layer.roll_days

    def _trade(self, market, book, units, side, action, reason):
        """Return USD paid, fees included, futures at price."""
        paid = 0.0
        quotes = book.holding.structure.quotes(market, self.account, side)
        for leg, quantity, price, fee, mid in quotes:
            paid += self.ledger.trade(
                book.name, leg, units * quantity, price, mid, fee, action, reason,
                market.provenance(leg),
            )  # fmt: skip
        return paid

    def _sell(self, market, book, units, action, reason):
        paid = self._trade(market, book, units, -1, action, reason)
        self._refill(book, -paid, units * book.holding.cost)
        book.holding.units -= units
        if book.holding.units == 0:
            book.holding = None

    def _take_gains(self, market, vix_signal, book):
        """Sell every rung of the ladder that has been reached."""
        ladder, held = self.policy.monetisation, book.holding
        by_level = bool(ladder.vix_levels)
        rungs = ladder.vix_levels if by_level else ladder.multiples
        if not ladder.enabled or (not by_level and held.cost <= 0.0):
            return False
        sold = False
        liquidation = held.structure.liquidation(market, self.account)
        reading = vix_signal if by_level else liquidation / held.cost
        reason = "monetise vix" if by_level else "monetise multiple"
        while book.holding and held.rungs < len(rungs) and reading >= rungs[held.rungs]:
            units = min(held.units, max(1, round(ladder.fraction * held.bought)))
            self._sell(market, book, units, "monetise", reason)
            self.ledger.decide(book.name, reason, "monetise", units)
            held.rungs += 1
            sold = True
        return sold

    def _open(self, market, book, means):
        layer, sizing = book.layer, self.policy.sizing
        candidate = build(market, layer, *self.listings)
        if candidate is None:
            self.ledger.decide(book.name, "no expiry")
            return
        factor = self._schedule_factor(market, layer, candidate)
        book_until = candidate.expiry - layer.roll_days
        if factor == 0.0:
            book.wait_until = book_until
            self.ledger.decide(book.name, "schedule zero")
            return
        if self._nothing_to_hedge(means):
            self.ledger.decide(book.name, "no condors to hedge")
            return
        wanted = factor * self._wanted(market, book, candidate, means)
        cost = candidate.cost(market, self.account)
        units = math.floor(min(wanted + 1e-9, max(means.free, 0.0) / cost))
        book.wait_until = book_until
        if units < math.floor(wanted):
            self.ledger.decide(book.name, "buying power")
        if units == 0:
            empty = "meter empty" if sizing.mode == "spend" else "budget too small"
            self.ledger.decide(book.name, empty)
            return
        book.holding = Holding(candidate, units, units, 0.0)
        paid = self._trade(market, book, units, +1, "open", "layer filled")
        book.holding.cost = paid / units
        if not candidate.legs[0].is_future:
            self.ledger.outlay += max(paid, 0.0)
        if book.meter is not None:
            book.meter -= max(paid, 0.0)
        self.ledger.decide(book.name, "layer filled", "open", units)

    def _nothing_to_hedge(self, means):
        if self.policy.weight_basis == "contracts":
            return means.condors == 0
        return self.policy.sizing.mode == "offset" and means.stress_loss == 0.0

    @staticmethod
    def _schedule_factor(market, layer, candidate):
        """The weight of the interval that the same-expiry future lies in, upper ends included."""
        if layer.schedule is None:
            return 1.0
        future = market.vix_forward(candidate.expiry)
        above = sum(future > level for level in layer.schedule.breakpoints)
        return layer.schedule.weights[above]

    def _wanted(self, market, book, candidate, means):
        """Structures to hold by the sizing rule, a real number."""
        sizing, basis = self.policy.sizing, self.policy.weight_basis
        cost = candidate.cost(market, self.account)
        if sizing.mode == "spend":
            return book.meter / cost
        if basis == "contracts":
            total = round(sizing.scale * sizing.contracts_per_ten_condors * means.condors / 10.0)
            shares = largest_remainder([b.layer.weight for b in self.books], total)
            return float(shares[self.books.index(book)])
        if sizing.mode == "budget" and basis == "premium":
            return sizing.scale * sizing.budget * means.nav * book.layer.weight / cost
        in_one_mix, mix_cost, mix_gain = self._mix(market)
        if book.name not in in_one_mix:
            return 0.0
        if sizing.mode == "budget":
            return sizing.scale * sizing.budget * means.nav / mix_cost * in_one_mix[book.name]
        target = sizing.scale * sizing.offset * means.stress_loss
        mixes = target / mix_gain if mix_gain > 0.0 else NO_LIMIT
        most = sizing.offset_cap * means.nav / mix_cost
        if mixes > most:
            self.ledger.decide(book.name, "offset infeasible")
            mixes = most
        return mixes * in_one_mix[book.name]

    def _mix(self, market):
        """Units of each layer in one mix, and what one mix costs and gains in the stress, USD."""
        units, cost, gain = {}, 0.0, 0.0
        shock = market.stress(self.policy.sizing.stress_spx)
        for book in self.books:
            structure = build(market, book.layer, *self.listings)
            if structure is None:
                continue
            measure = {
                "premium": lambda s: s.cost(market, self.account),
                "vega": lambda s: s.vega(market),
                "stress": lambda s: s.gain(market, shock),
            }[self.policy.weight_basis](structure)
            if measure > 0.0:
                units[book.name] = book.layer.weight / measure
                cost += units[book.name] * structure.cost(market, self.account)
                gain += units[book.name] * structure.gain(market, shock)
        return units, cost, gain
