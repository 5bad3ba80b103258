"""The condor desk: settle, mark, leave, enter."""

import math
from dataclasses import dataclass

from alvh.contracts.rules import round_to_tick
from twin import listing
from twin.market import CALM, Contract, at_strike

SIGNS = (1, -1, -1, 1)  # long put, short put, short call, long call
NET_TICK = 0.05
MOST = 48  # condors the engine can carry
MONDAY_SHIFT = 3  # 1970-01-01 was a Thursday


@dataclass
class Condor:
    quantity: int
    legs: tuple
    mids: list
    credit: float
    shifts: int = 0  # times the position was sold on at a loss
    earlier: float = 0.0  # points it had come to before the last of them

    @property
    def expiry(self):
        return self.legs[0].expiry

    @property
    def width(self):
        """The wider wing, points."""
        long_put, short_put, short_call, long_call = (leg.strike for leg in self.legs)
        return max(short_put - long_put, long_call - short_call)

    @property
    def value(self):
        """Points of one condor at the last marks; negative, as it is sold."""
        return sum(sign * mid for sign, mid in zip(SIGNS, self.mids, strict=True))

    @property
    def margin(self):
        return self.quantity * 100.0 * max(self.width - self.credit, 0.0)


def mids_of(market, legs, shock=CALM):
    return [market.value(leg, shock) for leg in legs]


def net_price(market, legs, mids, phi, side):
    """Points paid for the package: side +1 opens (paid is minus the credit), −1 closes."""
    net = sum(side * sign * mid for sign, mid in zip(SIGNS, mids, strict=True))
    given = sum(phi * market.half_spread(leg, mid) for leg, mid in zip(legs, mids, strict=True))
    return round_to_tick(net + given, NET_TICK, 0)


def expected_range(day):
    """Share of the index that the next session is expected to move by."""
    vix9d = day.vix if math.isnan(day.vix9d) else day.vix9d
    realised = vix9d / 100.0 if math.isnan(day.hv20) else day.hv20
    return (0.7 * vix9d / 100.0 + 0.3 * realised) / math.sqrt(252.0)


class CondorDesk:
    """All condors of one programme."""

    def __init__(self, programme, fill, account, ledger):
        self.programme = programme
        self.fill = fill if programme.fill is None else programme.fill
        self.fill *= (1.0 - account.improvement) ** 3  # four legs, one order
        self.account = account
        self.ledger = ledger
        self.held = []
        self.lost = []  # (condor, points lost) of today's settlements
        self.last_week = None

    @property
    def value(self):
        return sum(c.quantity * 100.0 * c.value for c in self.held)

    @property
    def contracts(self):
        return sum(c.quantity for c in self.held)

    @property
    def margin(self):
        return sum(c.margin for c in self.held)

    def stress_loss(self, market, spx_return):
        """USD lost by all open condors in the overnight stress."""
        shock = market.stress(spx_return)
        loss = 0.0
        for condor in self.held:
            after = mids_of(market, condor.legs, shock)
            worth = sum(sign * mid for sign, mid in zip(SIGNS, after, strict=True))
            loss += condor.quantity * 100.0 * (condor.value - worth)
        return max(loss, 0.0)

    def legs(self):
        """(signed contracts, contract, mid) of everything open."""
        return [
            (sign * c.quantity, leg, mid)
            for c in self.held
            for sign, leg, mid in zip(SIGNS, c.legs, c.mids, strict=True)
        ]

    def due_within(self, market, days):
        """USD that settlement of what expires by then can take: full widths."""
        near = [c for c in self.held if c.expiry - market.date <= days]
        return sum(100.0 * c.quantity * c.width for c in near)

    def settle(self, market):
        self.lost = []
        for condor in [c for c in self.held if c.expiry <= market.date]:
            am = condor.legs[0].root == "SPX"
            index = market.spx_open_settlement if am else market.spx
            lost = 0.0
            for leg, sign, mid in zip(condor.legs, SIGNS, condor.mids, strict=True):
                payoff = leg.strike - index if leg.right == "P" else index - leg.strike
                self.ledger.settle(
                    "condors", leg, sign * condor.quantity, max(payoff, 0.0), mid,
                    "estimated" if am else "published",
                )  # fmt: skip
                lost -= sign * max(payoff, 0.0)
            self.ledger.decide("condors", "settled", "settle", condor.quantity)
            self.held.remove(condor)
            if lost > 0.0:
                self.lost.append((condor, lost))
            else:
                self._end_shifts(condor)

    def _end_shifts(self, condor):
        if condor.shifts:
            self.ledger.decide("condors", "shift ended")

    def shift(self, market, yesterday, listing_of_spx, free):
        """Sell what settled at a loss on again, further out; return the credits received, USD."""
        rules, credits = self.programme.time_shift, 0.0
        for condor, lost in self.lost if rules.enabled else ():
            if condor.shifts >= rules.rolls:
                self.ledger.decide("condors", "shifts spent")
                new = None
            else:
                new = self._shifted(market, yesterday, listing_of_spx, condor, lost, free)
            if new is None:
                self._end_shifts(condor)
                continue
            new.shifts = condor.shifts + 1
            new.earlier = condor.earlier + condor.credit - lost
            self._trade(market, new, +1, "open", "shifted")
            self.ledger.decide("condors", "shifted", "open", new.quantity)
            self.held.append(new)
            free -= new.margin
            credits += new.quantity * 100.0 * new.credit
        return credits

    def _shifted(self, market, yesterday, listing_of_spx, condor, lost, free):
        """The nearest condor at the shift's delta whose credit covers the loss, or None."""
        rules = self.programme.time_shift
        if not yesterday or not yesterday.tradable:
            return None
        if not (expected_range(yesterday) > rules.expected_range or yesterday.vix > rules.vix):
            return None
        for expiry in listing_of_spx.open_on(market.date, 0):
            if expiry.date - market.date > rules.most_days or expiry.am:
                continue
            put = Contract("SPXW", "P", expiry.date, expiry.session, market.spx)
            call = Contract("SPXW", "C", expiry.date, expiry.session, market.spx)
            short_put = listing.within_delta(market, put, rules.delta)
            short_call = listing.within_delta(market, call, rules.delta)
            new = self._priced(market, put, call, short_put, short_call)
            new.quantity = condor.quantity
            tied = new.quantity * 100.0 * (new.width - new.credit)
            if lost <= new.credit < new.width and tied <= free:
                return new
        self.ledger.decide("condors", "shift infeasible")
        return None

    def mark(self, market):
        for condor in self.held:
            fresh = mids_of(market, condor.legs)
            for leg, sign, was, now in zip(condor.legs, SIGNS, condor.mids, fresh, strict=True):
                self.ledger.mark("condors", leg, sign * condor.quantity, was, now)
            condor.mids = fresh

    def leave(self, market):
        """Buy back what has reached its profit target, its stop or its exit day."""
        for condor in list(self.held):
            debit = net_price(market, condor.legs, condor.mids, self.fill, -1)
            reason = self._why_leave(market, condor, debit)
            if reason:
                self._trade(market, condor, -1, "close", reason)
                self.ledger.decide("condors", reason, "close", condor.quantity)
                self.held.remove(condor)
                self._end_shifts(condor)

    def _why_leave(self, market, condor, debit):
        rules = self.programme
        if rules.take_profit is not None and debit <= (1 - rules.take_profit) * condor.credit:
            return "take profit"
        if rules.stop is not None and debit >= (1 + rules.stop) * condor.credit:
            return "stop"
        if rules.exit_days and condor.expiry - market.date <= rules.exit_days:
            return "exit days"
        return None

    def _trade(self, market, condor, side, action, reason):
        """Each leg shows its own fill; the short put takes what rounding the net added."""
        net = net_price(market, condor.legs, condor.mids, self.fill, side)
        fills = []
        for leg, sign, mid in zip(condor.legs, SIGNS, condor.mids, strict=True):
            fills.append(mid + side * sign * self.fill * market.half_spread(leg, mid))
        paid = sum(side * sign * price for sign, price in zip(SIGNS, fills, strict=True))
        fills[1] -= side * (net - paid)
        for leg, sign, mid, price in zip(condor.legs, SIGNS, condor.mids, fills, strict=True):
            fee = market.fee(leg, max(price, 0.0), self.account, in_package=True)
            self.ledger.trade(
                "condors", leg, side * sign * condor.quantity, price, mid, fee, action, reason,
                market.provenance(leg),
            )  # fmt: skip

    def enter(self, market, guide, yesterday, listing_of_spx, nav, free):
        """Open today's condor or say why not; return the credit received, USD."""
        reason, condor = self._plan(market, guide, yesterday, listing_of_spx)
        if condor is None:
            self.ledger.decide("condors", reason)
            return 0.0
        wanted, affordable = self._sizes(condor, yesterday, nav, free)
        if wanted == 0:
            self.ledger.decide("condors", "size zero")
            return 0.0
        if affordable < wanted:
            self.ledger.decide("condors", "buying power")
        if affordable == 0:
            return 0.0
        condor.quantity = affordable
        self._trade(market, condor, +1, "open", "scheduled entry")
        self.ledger.decide("condors", "scheduled entry", "open", affordable)
        self.held.append(condor)
        return affordable * 100.0 * condor.credit

    def _plan(self, market, guide, yesterday, listing_of_spx):
        """Return (why not, None) or ("", the condor wanted)."""
        rules = self.programme
        self.last_week = (market.date + MONDAY_SHIFT) // 7
        if self._looks_back and (yesterday is None or not yesterday.tradable):
            return "warm up", None
        if rules.containment is not None and math.isnan(guide.range_scale):
            return "warm up", None
        if rules.premium_floor is not None and math.isnan(guide.premium):
            return "warm up", None
        if guide.event_ahead:
            return "event ahead", None
        if rules.premium_floor is not None and guide.premium < rules.premium_floor:
            return "premium low", None
        if self._gate(yesterday) == 0.0:
            return "gate closed", None
        am = rules.settlement == "am"
        if rules.expiry_rule == "third_friday":
            expiry = listing.next_third_friday(listing_of_spx, market, am, rules.exit_days)
        else:
            expiry = listing.nearest_spx(
                listing_of_spx, market, am, rules.tenor_days, rules.exit_days
            )
        if expiry is None:
            return "no expiry", None
        if len(self.held) == MOST:
            return "book full", None
        scale = guide.range_scale if rules.containment is not None else 1.0
        condor = self._choose(market, yesterday, expiry, scale)
        if not NET_TICK <= condor.credit < condor.width:
            return "credit too small", None
        return "", condor

    def is_entry_day(self, market, listing_of_spx):
        if self.programme.entry == "on_expiry":
            return listing_of_spx.monthly_settles_on(market.date)
        if self.programme.entry == "weekly":
            return (market.date + MONDAY_SHIFT) // 7 != self.last_week
        return True

    @property
    def _looks_back(self):
        return self.programme.gate != "none" or self.programme.range_multiple is not None

    def _gate(self, yesterday):
        """Size factor by yesterday's VIX."""
        gate = self.programme.gate
        if gate == "none":
            return 1.0
        vix = yesterday.vix
        if gate == "A":
            aggressive = (self.programme.credit_target or 0.0) >= 1.60
            return 0.0 if vix > 20.0 or (aggressive and vix >= 15.0) else 1.0
        if gate == "B":
            return 1.0 if vix < 28.0 else 0.5 if vix <= 40.0 else 0.0
        return min(1.0, 20.0 / vix)

    def _sizes(self, condor, yesterday, nav, free):
        """Return (condors wanted, condors the free capital carries)."""
        rules, factor = self.programme, self._gate(yesterday)
        loss = 100.0 * (condor.width - condor.credit)
        if rules.contracts is not None:
            wanted = math.floor(rules.contracts * factor)
        else:
            risk = 100.0 * condor.width if rules.risk_basis == "width" else loss
            wanted = math.floor(rules.risk_fraction * factor * nav / risk)
        return max(wanted, 0), min(wanted, math.floor(max(free, 0.0) / loss))

    def _choose(self, market, yesterday, expiry, scale):
        root = "SPX" if expiry.am else "SPXW"
        put = Contract(root, "P", expiry.date, expiry.session, market.spx)
        call = Contract(root, "C", expiry.date, expiry.session, market.spx)
        if self.programme.range_multiple is None:
            delta = self.programme.short_delta
            short_put = listing.by_delta(market, put, delta)
            short_call = listing.by_delta(market, call, delta)
            return self._priced(market, put, call, short_put, short_call)
        return self._by_range(market, yesterday, put, call, scale)

    def _priced(self, market, put, call, short_put, short_call):
        """Add the wings to two shorts and price the four legs."""
        rules = self.programme
        if rules.width is not None:
            long_put = listing.nearest_listed(market, put, short_put - rules.width)
            long_call = listing.nearest_listed(market, call, short_call + rules.width)
        else:
            long_put = listing.by_delta(market, put, rules.long_delta)
            long_call = listing.by_delta(market, call, rules.long_delta)
        if long_put >= short_put:
            long_put = listing.out_by_one(market, put, short_put, -1)
        if long_call <= short_call:
            long_call = listing.out_by_one(market, call, short_call, +1)
        legs = (
            at_strike(put, long_put), at_strike(put, short_put),
            at_strike(call, short_call), at_strike(call, long_call),
        )  # fmt: skip
        mids = mids_of(market, legs)
        return Condor(0, legs, mids, -net_price(market, legs, mids, self.fill, +1))

    def _by_range(self, market, yesterday, put, call, scale):
        """Shorts at a multiple of yesterday's expected range, stepped until the credit fits."""
        rules = self.programme
        reach, step = rules.range_multiple * scale * expected_range(yesterday), rules.step
        short_put = math.floor(market.spx * (1.0 - reach) / step) * step
        short_call = math.ceil(market.spx * (1.0 + reach) / step) * step
        if listing.quoted_strikes(market, put):
            short_put = listing.nearest_listed(market, put, short_put)
        if listing.quoted_strikes(market, call):
            short_call = listing.nearest_listed(market, call, short_call)
        condor = self._priced(market, put, call, short_put, short_call)
        if rules.credit_target is None:
            return condor
        forward, first_way = market.forward(put), None
        for _ in range(60):
            if condor.credit == rules.credit_target:
                break
            out = condor.credit > rules.credit_target
            if first_way is None:
                first_way = out
            if out != first_way:
                break  # the first crossing
            long_put, short_put_mid, short_call_mid, long_call = condor.mids
            put_is_richer = short_put_mid - long_put >= short_call_mid - long_call
            if put_is_richer == out:
                short_put = listing.stepped(market, put, short_put, -step if out else step)
            else:
                short_call = listing.stepped(market, call, short_call, step if out else -step)
            if short_put >= forward or short_call <= forward:
                break
            condor = self._priced(market, put, call, short_put, short_call)
        return condor
