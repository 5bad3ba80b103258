"""What can be traded today: listed expiries, and on a day that has chains their quoted contracts.

Quotes lie in one table, sorted by session, root, expiry, right and strike; a day's record says
which rows are its own. A contract that stands there is marked and filled by its quote, and chosen
among its like; one that does not is left to the day's smile.
"""

from collections import namedtuple

from alvh.kernel.codes import CALL, PUT
from alvh.kernel.jit import compiled, internal
from alvh.kernel.quotes import leg_mid

Listed = namedtuple("Listed", ["spx", "vix", "quotes"])

# A leg's mark: mid in points, half of its quoted spread, how far the mid stands above the smile's
# price, and 1 where the three are a quote's; half and gap are 0 where the mid is the smile's.
Mark = namedtuple("Mark", ["mid", "half", "gap", "quoted"])

LEAST_STRIKES = 8  # fewer quoted ones of a right at an expiry are none to choose from

# The strikes of one right at one expiry: rows ``first`` to ``end`` of the quotes where the day's
# chain has it, otherwise (an empty range) those that the listing rules allow.
Strip = namedtuple("Strip", ["quotes", "first", "end", "root", "forward", "tau", "date"])


@internal
def has_chain(day):
    """Say whether any contract is quoted on the day."""
    return day.quote_end > day.quote_first


@internal
def _first_at(day, quotes, root, expiry, right, strike):
    """Return the first of the day's rows that is not before a contract."""
    low, high = day.quote_first, day.quote_end
    while low < high:
        middle = (low + high) // 2
        row = quotes[middle]
        if row.root != root:
            before = row.root < root
        elif row.expiry != expiry:
            before = row.expiry < expiry
        elif row.right != right:
            before = row.right < right
        else:
            before = row.strike < strike
        if before:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def strip_of(day, quotes, root, expiry, right, forward, tau):
    """Return the strikes that can be chosen from."""
    first = _first_at(day, quotes, root, expiry, right, 0.0)
    end = _first_at(day, quotes, root, expiry, right + 1, 0.0)
    if end - first < LEAST_STRIKES:
        end = first
    return Strip(quotes, first, end, root, forward, tau, day.date)


@internal
def rights_quoted(day, quotes, root, expiry):
    """Return of how many rights, calls and puts, enough strikes are quoted to choose from."""
    calls = _first_at(day, quotes, root, expiry, CALL, 0.0)
    puts = _first_at(day, quotes, root, expiry, PUT, 0.0)
    row = puts + LEAST_STRIKES - 1
    has_puts = row < day.quote_end and quotes[row].root == root and quotes[row].expiry == expiry
    return (1 if puts - calls >= LEAST_STRIKES else 0) + (1 if has_puts else 0)


@internal
def mark_by(day, quotes, root, right, expiry, strike, price):
    """Return the mark of a contract that the day's smile prices at ``price``, points."""
    if has_chain(day):
        row = _first_at(day, quotes, root, expiry, right, strike)
        if row < day.quote_end:
            found = quotes[row]
            same = found.root == root and found.expiry == expiry and found.right == right
            if same and found.strike == strike:
                mid = 0.5 * (found.bid + found.ask)
                return Mark(mid, 0.5 * (found.ask - found.bid), mid - price, 1)
    return Mark(price, 0.0, 0.0, 0)


@compiled
def leg_mark(day, quotes, root, right, expiry, expiry_session, strike):
    """Return today's mark of one leg: its quote where there is one, else the smile's price."""
    price = leg_mid(day, root, right, expiry, expiry_session, strike)
    return mark_by(day, quotes, root, right, expiry, strike, price)
