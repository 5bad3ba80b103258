"""Statements of two brokers, row by row; their layouts as published in readers' test data."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from alvh.desk.book import Book
from alvh.desk.entries import Fill, Flow
from alvh.desk.statement_ibkr import read_ibkr
from alvh.desk.statement_tastytrade import read_tastytrade
from alvh.desk.statements import import_statement, read_statement
from alvh.errors import BookError

IBKR = """\
Statement,Header,Field Name,Field Value
Statement,Data,Title,Activity Statement
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code
Trades,Data,Order,Stocks,USD,SPY,"2020-02-21, 10:00:00",100,333,333,-33300,-1,33301,0,0,O
Trades,Data,Order,Equity and Index Options,USD,VIX 18MAR20 25 C,"2020-02-21, 10:30:15",10,1.22,1.2,"-1,220",-10.5,1230.5,0,0,O
Trades,Data,Order,Equity and Index Options,USD,VIX 18MAR20 25 C,"2020-02-24, 10:30:15",-4,2.5,2.5,1000,-4.2,-492.2,503.6,0,C
Trades,Data,Trade,Equity and Index Options,USD,VIX 18MAR20 25 C,"2020-02-24, 10:30:15",-4,2.5,2.5,1000,-4.2,,,,C
Trades,Data,Order,Equity and Index Options,USD,SPX 20MAR20 3000 P,"2020-02-24, 11:00:00",1,20,20,-2000,-1.1,2001.1,0,0,O
Trades,Data,Order,Equity and Index Options,USD,SPX 20MAR20 3050 P,"2020-02-24, 11:00:00",-1,25,25,2500,-1.1,,0,0,O
Trades,Data,Order,Equity and Index Options,USD,SPX 20MAR20 3400 C,"2020-02-24, 11:00:00",-1,15,15,1500,-1.1,,0,0,O
Trades,Data,Order,Equity and Index Options,USD,SPX 20MAR20 3450 C,"2020-02-24, 11:00:00",1,8,8,-800,-1.1,,0,0,O
Trades,SubTotal,,Equity and Index Options,USD,VIX 18MAR20 25 C,,6,,,-220,-14.7,,,,
Interest,Header,Currency,Date,Description,Amount
Interest,Data,USD,2020-02-05,USD Credit Interest for Jan-2020,12.34
Interest,Data,Total,,,12.34
Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount
Deposits & Withdrawals,Data,USD,2020-02-03,Electronic Fund Transfer,100000
Deposits & Withdrawals,Data,Total,,,100000
Financial Instrument Information,Header,Asset Category,Symbol,Description,Conid,Underlying,Listing Exch,Multiplier,Expiry,Delivery Month,Type,Strike,Code
Financial Instrument Information,Data,Equity and Index Options,SPXW  200320P03000000,SPX 20MAR20 3000 P,1,SPX,CBOE,100,2020-03-20,2020-03,P,3000,
Financial Instrument Information,Data,Equity and Index Options,SPXW  200320P03050000,SPX 20MAR20 3050 P,2,SPX,CBOE,100,2020-03-20,2020-03,P,3050,
Financial Instrument Information,Data,Equity and Index Options,SPXW  200320C03400000,SPX 20MAR20 3400 C,3,SPX,CBOE,100,2020-03-20,2020-03,C,3400,
Financial Instrument Information,Data,Equity and Index Options,SPXW  200320C03450000,SPX 20MAR20 3450 C,4,SPX,CBOE,100,2020-03-20,2020-03,C,3450,
"""  # noqa: E501

TASTY = """\
Date,Type,Sub Type,Action,Symbol,Instrument Type,Description,Value,Quantity,Average Price,Commissions,Fees,Multiplier,Root Symbol,Underlying Symbol,Expiration Date,Strike Price,Call or Put,Order #,Total,Currency
2020-03-18T16:15:00-0500,Receive Deliver,Expiration,,VIX   200318C00090000,Equity Option,Removal of 2,0.00,2,0.00,--,0.00,100,VIX,VIX,3/18/20,90,CALL,,0.00,USD
2020-03-18T16:10:00-0500,Receive Deliver,Cash Settled Exercise,SELL_TO_CLOSE,VIX   200318C00025000,Equity Option,Cash settlement,"26,940.00",6,,--,-5.00,100,VIX,VIX,3/18/20,25,CALL,,26935.00,USD
2020-02-24T09:46:35-0600,Trade,Sell to Close,SELL_TO_CLOSE,VIX   200318C00025000,Equity Option,Sold 4,"1,000.00",4,250.00,0.00,-2.60,100,VIX,VIX,3/18/20,25,CALL,102,997.40,USD
2020-02-21T09:46:35-0600,Trade,Buy to Open,BUY_TO_OPEN,VIX   200318C00090000,Equity Option,Bought 2,-10.00,2,-5.00,-2.00,-0.30,100,VIX,VIX,3/18/20,90,CALL,101,-12.30,USD
2020-02-21T09:40:35-0600,Trade,Buy to Open,BUY_TO_OPEN,VIX   200318C00025000,Equity Option,Bought 10,"-1,220.00",10,-122.00,-10.00,-1.30,100,VIX,VIX,3/18/20,25,CALL,100,-1231.30,USD
2020-02-20T09:40:35-0600,Trade,Buy to Open,BUY_TO_OPEN,F,Equity,Bought 10,-80.00,10,-8.00,0,0,,,,,,,99,-80,USD
2020-02-03T15:00:00-0600,Money Movement,Deposit,,,,Wire,"50,000.00",0,,--,0.00,,,,,,,,50000.00,USD
"""  # noqa: E501


def test_tastytrade_s_days_are_those_in_chicago():
    """The same file downloaded in Tokyo and in London; a deposit at midnight has no time."""
    here = read_tastytrade(TASTY, "t.csv")
    for hours in (9, 0, -10):
        zone = timezone(timedelta(hours=hours))
        lines = TASTY.splitlines()
        for place, line in enumerate(lines[1:], 1):
            stamp, rest = line.split(",", 1)
            moved = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z").astimezone(zone)
            lines[place] = f"{moved:%Y-%m-%dT%H:%M:%S%z},{rest}"
        there = read_tastytrade("\n".join(lines) + "\n", "t.csv")
        assert [one.on for one in there.fills] == [one.on for one in here.fills]
        assert [one.on for one in there.flows] == [one.on for one in here.flows]
        assert [one.key for one in there.fills] == [one.key for one in here.fills]
    midnight = TASTY.replace("2020-02-03T15:00:00-0600", "2020-02-03T00:00:00+0000")
    assert [one.on for one in read_tastytrade(midnight, "t.csv").flows] == [date(2020, 2, 3)]


def test_a_transfer_is_a_deposit_or_a_withdrawal():
    for value, kind in (("313.46", "deposit"), ("-313.46", "withdrawal")):
        text = TASTY.replace("Money Movement,Deposit,,,,Wire,\"50,000.00\"",
                             f"Money Movement,Transfer,,,,Wire,{value}")  # fmt: skip
        (flow,) = read_tastytrade(text, "t.csv").flows
        assert (flow.kind, flow.amount) == (kind, float(value))


def test_ibkr_by_hand():
    """Only orders count, not the trades that they are made of; OSI symbols tell SPXW from SPX."""
    found = import_statement(Book("main"), read_ibkr(IBKR, "ib.csv"), sleeve="short")
    account = found.book.account(date(2020, 2, 24))
    assert account.faults == ()
    (skipped,) = found.skipped
    assert "SPY" in skipped
    assert account.layer("short").units == 6
    (condor,) = account.condors
    assert (condor.strikes, condor.credit) == ((3000.0, 3050.0, 3400.0, 3450.0), 12.0)
    assert condor.settlement == "pm"
    cash = 100_000 + 12.34 - 1_220 - 10.5 + 1_000 - 4.2 + 1_200 - 4.4
    assert account.cash == pytest.approx(cash)


def test_tastytrade_by_hand():
    """Expirations have no side: it follows from what is held. 26,940 USD are 44.90 a contract."""
    found = import_statement(Book("main"), read_tastytrade(TASTY, "tt.csv"), sleeve="short")
    account = found.book.account(date(2020, 3, 18))
    assert account.layers == ()
    cash = 50_000 - 1_231.30 - 12.30 + 997.40 + 26_935.00
    assert account.cash == pytest.approx(cash)
    settled = [e for e in found.entries if isinstance(e, Fill) and e.settles]
    assert {(e.instrument.strike, e.quantity, round(e.price, 6)) for e in settled} == {
        (90.0, -2.0, 0.0),
        (25.0, -6.0, 44.9),
    }
    (flow,) = [e for e in found.entries if isinstance(e, Flow)]
    assert (flow.kind, flow.amount) == ("deposit", 50_000.0)


@pytest.mark.parametrize("text", [IBKR, TASTY])
def test_a_statement_is_taken_in_once(tmp_path, text):
    path = tmp_path / "statement.csv"
    path.write_text(text)
    once = import_statement(Book("main"), read_statement(path), sleeve="short")
    again = import_statement(once.book, read_statement(path), sleeve="short")
    assert again.entries == ()
    assert again.book.entries == once.book.entries
    assert again.known == len(once.entries)


def test_without_a_sleeve_a_fill_is_unassigned_and_a_fault():
    statement = replace(read_tastytrade(TASTY, "tt.csv"), flows=())
    found = import_statement(Book("main"), replace(statement, fills=statement.fills[:1]))
    (fault,) = found.book.account(date(2020, 2, 21)).faults
    assert "belong to no sleeve" in fault


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (IBKR, ',10,1.22,1.2,"-1,220"', ',10,1.22,1.2,"1,220"', r"ib\.csv line 5: .*-1,220.00 USD"),
        (IBKR, ",-4,2.5,2.5,1000,-4.2,-492.2", ",-40,2.5,2.5,10000,-4.2,0", "are not held"),
        (IBKR, '"2020-02-24, 11:00:00"', '"24.2.2020"', "is no moment"),
        (IBKR, "VIX 18MAR20 25 C", "VIX 17MAR20 25 C", "no VIXW expiry"),
        (IBKR, "SPXW  200320P03000000,SPX 20MAR20 3000 P", "X,Y", "may be SPX or SPXW"),
        (TASTY, '"-1,220.00",10,-122.00', '"1,220.00",10,-122.00', r"tt\.csv line 6: .*-1,220.00"),
        (TASTY, "BUY_TO_OPEN,VIX   200318C00090000", "HOLD,VIX   200318C00090000", "neither buys"),
        (TASTY, "Removal of 2,0.00,2", "Removal of 3,0.00,3", r"tt\.csv line 2: settles 3"),
        (TASTY, "Money Movement,Deposit", "Money Movement,Gift", "no money movement"),
        (IBKR, "Data,USD,2020-02-03", "Data,EUR,2020-02-03", r"line 17: Deposits .* in 'EUR'"),
        (IBKR, "Data,USD,2020-02-05", "Data,CHF,2020-02-05", r"line 14: Interest in 'CHF'"),
        (TASTY, "50000.00,USD", "50000.00,EUR", r"tt\.csv line 8: .* in 'EUR'; USD was wanted"),
        (TASTY, "102,997.40,USD", "102,997.40,CAD", r"tt\.csv line 4: .* in 'CAD'"),
        (
            IBKR,
            "Trades,Header,DataDiscriminator",
            "Trades,Heading,DataDiscriminator",
            r"ib\.csv line 4: a row of the section Trades without the section's heading",
        ),
        (
            IBKR,
            "Trades,Data,Trade,",
            "Trades,Data,Execution,",
            r"ib\.csv line 7: 'Execution' is no kind of trade",
        ),
        (IBKR, "Interest,Header", "Interest,Heading", r"line 14: a row of the section Interest"),
        (IBKR, "Electronic Fund Transfer", "x" * 131_073, r"ib\.csv line 17: is no CSV"),
        (TASTY, "Removal of 2", "x" * 131_073, r"tt\.csv line 2: is no CSV"),
        (IBKR, "1000,-4.2,-492.2", "1000,-500000,-492.2", "fees 500,000.00; USD paid"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_nothing_is_taken(text, old, new, said):
    assert old in text
    spoilt = text.replace(old, new)
    read, name = (read_ibkr, "ib.csv") if text == IBKR else (read_tastytrade, "tt.csv")
    with pytest.raises(BookError, match=said):
        import_statement(Book("main"), read(spoilt, name), sleeve="short")


def test_sections_that_move_cash_and_are_not_read_are_said():
    more = (
        "Dividends,Header,Currency,Date,Description,Amount\n"
        "Dividends,Data,USD,2020-02-06,SPY dividend,12.00\n"
        "Dividends,Data,EUR,2020-02-07,another,3.00\n"
        "Dividends,Data,Total,,,15.00\n"
        "Withholding Tax,Header,Currency,Date,Description,Amount,Code\n"
        "Withholding Tax,Data,USD,2020-02-06,SPY dividend,-1.80,\n"
        "Account Information,Header,Field Name,Field Value\n"
        "Account Information,Data,Base Currency,USD\n"
    )
    first, second, third = read_ibkr(IBKR + more, "ib.csv").skipped
    assert first == "ib.csv: 2 rows of the section Dividends, in cash"
    assert second == "ib.csv: 1 row of the section Withholding Tax, in cash"
    assert "SPY" in third


def test_fees_of_another_currency_are_refused_too():
    more = "Fees,Header,Subtitle,Currency,Date,Description,Amount\n"
    row = "Fees,Data,Other Fees,{},2020-02-06,market data,-4.50\n"
    assert len(read_ibkr(IBKR + more + row.format("USD"), "ib.csv").flows) == 3
    with pytest.raises(BookError, match=r"ib\.csv line 25: Fees in 'EUR'"):
        read_ibkr(IBKR + more + row.format("EUR"), "ib.csv")


def test_another_file_is_no_statement(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BookError, match="neither an activity statement"):
        read_statement(path)
