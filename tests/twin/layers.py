"""The hedge desk: settle, mark, take gains, roll, size and buy, one layer after the other."""

import math
from dataclasses import dataclass

from twin.hearing import Guide
from twin.structures import BASKET_OF, Structure, build, build_on, synthetic, synthetic_savings

NO_LIMIT = 1e300
YEAR_SESSIONS = 252


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
    weight: float  # in force
    holding: Holding | None = None
    wait_until: int = 0
    meter: float | None = None  # USD; None until the first day
    carry_rate: float = 0.0
    time_value: float = 0.0  # paid for the bought option, points
    outlay: float = 0.0  # USD that the last purchase tied up
    peak: float | None = None  # highest VIX since the first rung
    stages_left: int = 0
    next_stage: int = 0
    waited: int = 0  # sessions an order has been put off

    @property
    def on_vix(self):
        return self.layer.instrument.startswith("vix_")

    @property
    def name(self):
        return self.layer.name


@dataclass(frozen=True)
class Now:
    """What a day's decisions rest on."""

    market: object
    guide: Guide
    vix: float  # the level that rules may read


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
        self.books = [LayerBook(layer, layer.weight) for layer in policy.layers if layer.weight > 0]
        self.tilt_streak = self.drift_streak = 0

    @property
    def _held(self):
        return [book.holding for book in self.books if book.holding]

    @property
    def value(self):
        return sum(h.units * h.structure.paid_value for h in self._held)

    def legs(self):
        """(signed contracts, contract, mid) of everything held."""
        return [
            (h.units * ratio, leg, mid)
            for h in self._held
            for leg, ratio, mid in h.structure.lines()
        ]

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
            proceeds -= held.units * held.structure.strike_usd
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

    def step(self, now, days, credits, means, closes):
        """Decide each layer in turn; ``means`` is asked anew whenever a rule sizes."""
        if self.policy.tilt.active:
            self._tilt(now.guide, closes)
        for book in self.books:
            if self.policy.sizing.mode == "spend":
                self._accrue(book, means().nav, days, credits)
            self._decide(now, book, means)
        if self.policy.rebalancing.mode == "band":
            self._rebalance(now.market, means)

    def _decide(self, now, book, means):
        barred = now.guide.inverted and self._stops_inverted(book)
        back = self._comes_back(now, book) and not barred
        if book.holding:
            reason, past = self._roll_reason(now, book)
            if reason is None and back:
                reason = "reentry"
            if reason is None:
                self._hold(now, book, means, barred)
                return
            if self._waits(now, book):
                return
            back = reason == "reentry"
            units = book.holding.units
            self._sell(now.market, book, units, "close", reason)
            self.ledger.decide(book.name, reason, "close", units)
        elif not back and now.market.date < book.wait_until:
            self.ledger.decide(book.name, "waiting for roll")
            return
        else:
            past = None
            if self._waits(now, book):
                return
        book.peak = None
        if barred:
            self.ledger.decide(book.name, "inverted")
            return
        self._open(now, book, means(), self.policy.reentry.stages if back else 1, past)

    def _stops_inverted(self, book):
        rule = self.policy.inversion
        return rule.enabled and book.name in rule.stop_buying

    def _waits(self, now, book):
        rule = self.policy.execution
        patience = rule.defer_days if rule.defer_distortion is not None else 0
        if not (now.guide.distorted and book.on_vix and book.waited < patience):
            return False
        book.waited += 1
        self.ledger.decide(book.name, "deferred")
        return True

    def _hold(self, now, book, means, barred):
        if self._take_gains(now, book):
            return
        if book.stages_left and now.market.date >= book.next_stage and not barred:
            self._next_stage(now, book, means())
        else:
            self.ledger.decide(book.name, "held")

    def _comes_back(self, now, book):
        rule = self.policy.reentry
        if rule.stages == 0 or book.peak is None:
            return False
        book.peak = max(book.peak, now.vix)
        return now.vix <= (1.0 - rule.retrace) * book.peak

    def _next_stage(self, now, book, means):
        """Buy the next part of a re-entry; the whole is what the sizing rule wants today."""
        held, stages = book.holding, self.policy.reentry.stages
        most = self._affordable(now.market, held.structure, means.free)
        wanted = self._wanted(now, book, held.structure, means) if most > 0 else 0.0
        done = stages - book.stages_left
        if self.policy.sizing.mode == "spend":
            units = math.floor(wanted / book.stages_left + 1e-9)
        else:
            units = math.floor(wanted * (done + 1) / stages + 1e-9) - held.units
        units = min(units, most)
        book.stages_left -= 1
        book.next_stage = now.market.date + self.policy.reentry.gap_days
        if units > 0:
            self._add(now.market, book, units, "open", "stage")
        self.ledger.decide(book.name, "stage", "open", max(units, 0))

    def _affordable(self, market, structure, free):
        cost = structure.cost(market, self.account)
        return math.floor(max(free, 0.0) / cost) if cost > 0.0 else 0

    def _accrue(self, book, nav, days, credits):
        sizing, layer = self.policy.sizing, book.layer
        share = sizing.scale * book.weight * sizing.spend_per_year
        if sizing.spend_base == "credits":
            book.meter = (book.meter or 0.0) + share * credits
            return
        yearly = share * nav
        if book.meter is None:
            book.meter = yearly * (layer.tenor_days - layer.roll_days) / 365.0
        book.meter = min(book.meter + yearly * days / 365.0, yearly)

    def _roll_reason(self, now, book):
        """(why the holding is rolled today, date that the next expiry must exceed), or Nones."""
        market, layer, structure = now.market, book.layer, book.holding.structure
        left = structure.expiry - market.date
        if structure.is_basket:
            return ("roll due" if left <= 0 else None), None
        roll = layer.roll_days
        if now.guide.inverted and layer.roll_days_inverted is not None:
            roll = layer.roll_days_inverted
        if roll > 0 and left <= roll:
            return "roll due", None
        early, past = None, None
        strong = layer.name in now.guide.strong and layer.roll_strength is not None
        if layer.spans_event and now.guide.next_event and structure.expiry <= now.guide.next_event:
            early, past = "roll event", structure.expiry
        elif strong and left <= layer.roll_days + layer.roll_strength_days:
            early, past = "roll strength", structure.expiry
        elif layer.roll_extrinsic is not None:
            least = layer.roll_extrinsic * book.time_value
            early = "roll extrinsic" if structure.time_value(market) <= least else None
        if early is None:
            return None, None
        other = self._candidate(now, layer, past)
        if other is None or other.legs == structure.legs:
            return None, None
        return early, past

    def _candidate(self, now, layer, past=None):
        """What the layer would buy today; ``past`` is a date that its expiry must exceed."""
        if layer.instrument in BASKET_OF or layer.instrument.startswith("spx_"):
            return build(now.market, layer, *self.listings)
        return build(now.market, layer, *self.listings, self._shortest(now, layer, past))

    @staticmethod
    def _shortest(now, layer, past):
        shortest = layer.roll_days
        if now.guide.inverted and layer.roll_days_inverted is not None:
            shortest = max(shortest, layer.roll_days_inverted)
        if past is not None:
            shortest = max(shortest, past - now.market.date)
        if layer.spans_event and now.guide.next_event:
            shortest = max(shortest, now.guide.next_event - now.market.date)
        return shortest

    def _trade(self, market, book, units, side, action, reason):
        """Return USD paid, fees included, futures at price."""
        paid = 0.0
        quotes = book.holding.structure.quotes(
            market, self.account, side, lambda ratio: self._widening(units * ratio)
        )
        for leg, quantity, price, fee, mid in quotes:
            paid += self.ledger.trade(
                book.name, leg, units * quantity, price, mid, fee, action, reason,
                market.provenance(leg),
            )  # fmt: skip
        return paid

    def _widening(self, contracts):
        """Half-spreads that an order pays: more the larger it is, up to one slice."""
        order = self.policy.execution
        if order.depth is None:
            return 1.0
        return 1.0 + min(contracts, order.slice * order.depth) / order.depth

    def _sell(self, market, book, units, action, reason):
        paid = self._trade(market, book, units, -1, action, reason)
        got = -paid - units * book.holding.structure.strike_usd
        self._refill(book, got, units * book.holding.cost)
        book.holding.units -= units
        if book.holding.units == 0:
            book.holding = None

    def _take_gains(self, now, book):
        """Sell every rung that has been reached, or one more while the curve is inverted."""
        ladder, held = self.policy.monetisation, book.holding
        by_level = bool(ladder.vix_levels)
        rungs = ladder.vix_levels if by_level else ladder.multiples
        if not ladder.enabled or (not by_level and held.cost <= 0.0) or held.rungs >= len(rungs):
            return False
        sold = False
        liquidation = held.structure.liquidation(now.market, self.account)
        multiple = liquidation / held.cost if held.cost > 0.0 else 0.0
        reading = now.vix if by_level else multiple
        reason = "monetise vix" if by_level else "monetise multiple"
        while book.holding and held.rungs < len(rungs) and reading >= rungs[held.rungs]:
            self._take_rung(now, book, reason)
            sold = True
        rule = self.policy.inversion
        if not sold and rule.enabled and rule.monetise and now.guide.inverted and multiple > 1.0:
            self._take_rung(now, book, "monetise inverted")
            sold = True
        return sold

    def _take_rung(self, now, book, reason):
        held = book.holding
        units = min(held.units, max(1, round(self.policy.monetisation.fraction * held.bought)))
        self._sell(now.market, book, units, "monetise", reason)
        self.ledger.decide(book.name, reason, "monetise", units)
        held.rungs += 1
        book.peak = now.vix if book.peak is None else book.peak

    def _open(self, now, book, means, parts, past):
        layer, sizing, market = book.layer, self.policy.sizing, now.market
        book.stages_left = 0
        candidate = self._candidate(now, layer, past)
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
        if candidate.cost(market, self.account) <= 0.0:
            self.ledger.decide(book.name, "no sound price")
            return
        wanted = factor * self._wanted(now, book, candidate, means, past)
        if layer.roll_to == "least_cost":
            candidate, wanted = self._least_cost(now, layer, candidate, wanted, past)
            book_until = candidate.expiry - layer.roll_days
        wanted /= parts
        cost = candidate.cost(market, self.account)
        units = math.floor(min(wanted + 1e-9, max(means.free, 0.0) / cost))
        book.wait_until = book_until
        if units < math.floor(wanted):
            self.ledger.decide(book.name, "buying power")
        if units == 0:
            empty = "meter empty" if sizing.mode == "spend" else "budget too small"
            self.ledger.decide(book.name, empty)
            return
        candidate, units = self._construct(now, book, candidate, units, means.free)
        if units == 0:
            self.ledger.decide(book.name, "buying power")
            return
        book.holding, book.waited = Holding(candidate, 0, 0, 0.0), 0
        self._add(market, book, units, "open", "layer filled")
        book.time_value = candidate.time_value(market)
        if parts > 1:
            book.stages_left = parts - 1
            book.next_stage = market.date + self.policy.reentry.gap_days
        self.ledger.decide(book.name, "layer filled", "open", units)

    def _add(self, market, book, units, action, reason):
        """Buy more of what the layer holds; its cost is the mean of what was paid."""
        held = book.holding
        capital = units * held.structure.cost(market, self.account)
        paid = self._trade(market, book, units, +1, action, reason)
        paid -= units * held.structure.strike_usd
        held.cost = (held.cost * held.units + paid) / (held.units + units)
        book.outlay = capital + (book.outlay if held.units else 0.0)
        held.units += units
        held.bought += units
        if not held.structure.legs[0].is_future:
            self.ledger.outlay += max(paid, 0.0)
        self.ledger.paid[book.name] += capital
        if book.meter is not None:
            book.meter -= max(paid, 0.0)

    def _least_cost(self, now, layer, candidate, wanted, past):
        """The expiry that is cheapest to hold for its spot-VIX delta, and the units of it."""
        market = now.market
        aim = wanted * candidate.spot_vix_delta(market)
        money = wanted * candidate.cost(market, self.account)
        shortest = self._shortest(now, layer, past)
        best, least = None, math.inf
        for row in self.listings[1].open_on(market.date, shortest):
            left = row.date - market.date
            if left > 2 * layer.tenor_days or not (row.monthly or layer.weeklies):
                continue
            other = build_on(market, layer, self.listings[1], row)
            days = max(min(layer.tenor_days, left) - layer.roll_days, 1)
            delta = other.spot_vix_delta(market)
            if delta <= 0.0 or other.cost(market, self.account) <= 0.0:
                continue
            if other.decay(market, self.account, days) / delta < least:
                best, least = other, other.decay(market, self.account, days) / delta
        if best is None:
            return candidate, wanted
        affordable = money / best.cost(market, self.account)
        return best, min(aim / best.spot_vix_delta(market), affordable)

    def _construct(self, now, book, candidate, units, free):
        """Calls as they are, or ten of them as puts and a future where that is cheaper or asked."""
        how = self.policy.execution.construction
        if how == "direct":
            return candidate, units
        days = book.layer.tenor_days - book.layer.roll_days
        one, both = synthetic_savings(now.market, candidate, self.account, days)
        if one is None:
            return candidate, units
        saving = one if both is None else max(one, both)
        if units < 10 or not (how == "synthetic" or saving > 0.0):
            self.ledger.decide(book.name, "direct")
            return candidate, units
        self.ledger.decide(book.name, "synthetic")
        built = synthetic(now.market, candidate, both is not None and both > one)
        return built, min(units // 10, self._affordable(now.market, built, free))

    def _tilt(self, guide, closes):
        """Move the weights in force once other ones have been asked for often enough in a row."""
        rule = self.policy.tilt
        asked = self._asked(guide, closes)
        gaps = [abs(w - book.weight) for w, book in zip(asked, self.books, strict=True)]
        if max(gaps, default=0.0) <= rule.band:
            self.tilt_streak = 0
            return
        self.tilt_streak += 1
        if self.tilt_streak < rule.confirmations:
            widest = self.books[gaps.index(max(gaps))]
            self.ledger.decide(widest.name, "tilt waits")
            return
        self.tilt_streak = 0
        for book, weight in zip(self.books, asked, strict=True):
            self.ledger.decide(book.name, "tilted", "rebalance", weight)
            book.weight = weight

    def _asked(self, guide, closes):
        rule = self.policy.tilt
        earned = [self._year(book, closes) for book in self.books]
        known = [r for r in earned if r is not None]
        factors = []
        for book, mine in zip(self.books, earned, strict=True):
            factor = guide.factor[book.name]
            if rule.trailing_mirr > 0.0 and mine is not None:
                factor *= 1.0 + rule.trailing_mirr * (mine - sum(known) / len(known))
            factors.append(min(max(factor, rule.floor), rule.cap))
        plain = [book.layer.weight for book in self.books]
        if all(factor == 1.0 for factor in factors):
            return plain
        tilted = [w * f for w, f in zip(plain, factors, strict=True)]
        return [w * sum(plain) / sum(tilted) for w in tilted]

    def _year(self, book, closes):
        """Gain of a year over the capital it took, at no interest; None before a year has gone."""
        last = len(closes) - self.policy.signal_lag
        if self.policy.tilt.trailing_mirr == 0.0 or last < YEAR_SESSIONS:
            return None
        now, then, name = closes[last], closes[last - YEAR_SESSIONS], book.name
        capital = now.paid[name] - then.paid[name] + then.worth[name]
        gain = now.pnl[name] - now.cost[name] - then.pnl[name] + then.cost[name]
        return gain / capital if capital > 0.0 else None

    def worth(self, market):
        """USD that each layer ties up: what was paid for at mid, and futures at margin."""
        out = {book.name: 0.0 for book in self.books}
        for book in self.books:
            if book.holding:
                structure = book.holding.structure
                margin = 0.0 if structure.sells_the_dearer else structure.margin(market)
                out[book.name] = book.holding.units * (structure.paid_value + margin)
        return out

    def _rebalance(self, market, means):
        """Trade the holdings back to their weights once their shares have drifted for long."""
        rule, held = self.policy.rebalancing, [book for book in self.books if book.holding]
        size = {book.name: max(self._counts_for(market, book), 0.0) for book in held}
        total = sum(book.holding.units * size[book.name] for book in held)
        weights = sum(book.weight for book in held)
        drift = 0.0
        if total > 0.0 and weights > 0.0:
            drift = max(
                abs(book.holding.units * size[book.name] / total - book.weight / weights)
                for book in held
            )
        if drift <= rule.band:
            self.drift_streak = 0
            return
        self.drift_streak += 1
        if self.drift_streak < rule.confirmations:
            return
        self.drift_streak = 0
        for buying in (False, True):
            for book in held:
                if size[book.name] <= 0.0:
                    continue
                exact = book.weight / weights * total / size[book.name]
                change = max(math.floor(exact + 1e-9), 1) - book.holding.units
                if buying:
                    most = self._affordable(market, book.holding.structure, means().free)
                    change = min(change, most)
                if change == 0 or (change > 0) != buying:
                    continue
                if buying:
                    self._add(market, book, change, "rebalance", "drift")
                else:
                    self._sell(market, book, -change, "rebalance", "drift")
                self.ledger.decide(book.name, "drift", "rebalance", change)

    def _counts_for(self, market, book):
        if self.policy.weight_basis == "contracts":
            return 1.0
        if self.policy.weight_basis == "premium":
            return self.worth(market)[book.name] / book.holding.units
        return self._measure(market, book.holding.structure)

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

    def _wanted(self, now, book, candidate, means, past=None):
        """Structures to hold by the sizing rule, a real number."""
        sizing, basis, market = self.policy.sizing, self.policy.weight_basis, now.market
        cost = candidate.cost(market, self.account)
        if sizing.mode == "spend":
            return book.meter / cost
        if basis == "contracts":
            total = round(sizing.scale * sizing.contracts_per_ten_condors * means.condors / 10.0)
            shares = largest_remainder([b.weight for b in self.books], total)
            return float(shares[self.books.index(book)])
        if sizing.mode == "budget" and basis == "premium":
            return sizing.scale * sizing.budget * means.nav * book.weight / cost
        mix_cost, mix_gain = self._mix(now, book, past)
        measure = self._measure(market, candidate)
        if measure <= 0.0 or mix_cost <= 0.0:
            return 0.0
        per_mix = book.weight / measure
        if sizing.mode == "budget":
            return sizing.scale * sizing.budget * means.nav / mix_cost * per_mix
        target = sizing.scale * sizing.offset * means.stress_loss
        mixes = target / mix_gain if mix_gain > 0.0 else NO_LIMIT
        most = sizing.offset_cap * means.nav / mix_cost
        if mixes > most:
            self.ledger.decide(book.name, "offset infeasible")
            mixes = most
        return mixes * per_mix

    def _measure(self, market, structure):
        """What one structure counts for under the weight basis."""
        if self.policy.weight_basis == "vega":
            return structure.vega(market)
        if self.policy.weight_basis == "stress":
            return structure.gain(market, market.stress(self.policy.sizing.stress_spx))
        return structure.cost(market, self.account)

    def _mix(self, now, mine, past):
        """What one mix of all layers costs and gains in the stress, USD."""
        cost, gain = 0.0, 0.0
        shock = now.market.stress(self.policy.sizing.stress_spx)
        for book in self.books:
            structure = self._candidate(now, book.layer, past if book is mine else None)
            measure = self._measure(now.market, structure) if structure else 0.0
            if measure > 0.0:
                units = book.weight / measure
                cost += units * structure.cost(now.market, self.account)
                gain += units * structure.gain(now.market, shock)
        return cost, gain
