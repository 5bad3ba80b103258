"""Hold the desk against the backtest, session by session, on a folder of market data.

    PYTHONPATH=. python docs/build_desk.py FOLDER

A book is begun with the fills of a backtest's first session. From then on every session is decided
by ``alvh.today`` from the book alone, filled as decided, and compared with what the backtest
decided: orders, settlements and reasons in canonical JSON. Prints a line for each pair of policy
and programme, with the first session that differs where one does. Takes some minutes.
"""

import sys
from datetime import date

from tests.advise.test_today import first_memory
from tests.desk.month import begin, canonical, days_of, live

import alvh
from alvh.advise.orders import decided

PAIRS = (
    ("alvh-40-40-20", "monthly45", "2020-01-31", "2020-03-31"),
    ("alvh-40-40-20", "cndr", "2020-01-31", "2020-03-31"),
    ("alvh-adaptive", "monthly45-adaptive", "2019-10-01", "2020-04-30"),
    ("futures-40-40-20", "daily1", "2019-12-02", "2020-04-30"),
    ("spx-puts", "daily1-adaptive", "2019-12-02", "2020-06-30"),
    ("single-call", "monthly45", "2017-11-01", "2018-03-30"),
    ("alvh-40-40-20", "monthly45", "2007-01-03", "2009-03-31"),
)


def first_difference(
    history: alvh.History, hedge: str, programme: str, start: str, end: str
) -> tuple[int, date | None]:
    """Return the sessions that were decided, and the first that differs from the backtest."""
    policy, rules = alvh.load_policy(hedge), alvh.load_programme(programme)
    result = alvh.backtest(history, policy, rules, start, end)
    days = days_of(result)
    book = first_memory(begin(result, 1), result, policy, rules, history)
    for t, (found, _) in enumerate(live(history, book, policy, rules, days[1:]), 1):
        wanted = decided(result.logs, result.counts, t, days[t])
        if found.stopped or canonical(found.decided) != canonical(wanted):
            return t, days[t]
    return len(days) - 1, None


def main(folder: str) -> None:
    """Print a line for each pair."""
    history = alvh.load_history(folder)
    for pair in PAIRS:
        count, wrong = first_difference(history, *pair)
        told = "all the backtest's" if wrong is None else f"the first that differs is {wrong}"
        sys.stdout.write(f"{' '.join(pair)}: {count} sessions, {told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
