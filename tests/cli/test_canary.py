"""A secret in any field of any configuration: in no answer, log, export, traceback or page.

The fields are taken from the models, the options and the sources, so that a new one is tried too.
"""

import ast
import json
import traceback
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_args

import click
import pytest
import typer
import yaml
from pydantic import BaseModel, ValidationError

import alvh
from alvh.cli import app
from alvh.cluster import shown
from alvh.desk.book import Book
from alvh.desk.book_files import COLUMNS, read_book, write_book
from alvh.desk.delivery import Destinations, read_destinations
from alvh.desk.entries import Flow
from alvh.desk.versions import Charter
from alvh.errors import AlvhError
from alvh.market.sources.pull import Endpoints, Manners, Wanted, plan, pull
from alvh.policy.source import read_source

CANARY = "c4n4ry-5ecret"
PUBLIC = "ab" * 32
HEDGE = alvh.load_policy("alvh-adaptive").model_dump(mode="json")
CONDORS = alvh.load_programme("monthly45-adaptive").model_dump(mode="json")
MODELS = {
    "hedge": (alvh.HedgePolicy, HEDGE),
    "condors": (alvh.CondorProgramme, CONDORS),
    "charter": (Charter, {"keys": {"ann": PUBLIC}}),
    "destinations": (Destinations, {"file": "alerts.jsonl"}),
}
# What takes any text is a name that people give so that it is shown, a place, or an address of
# alerts, which is the one that is never shown.
FREE = {
    "hedge": {"name", "description"},
    "condors": {"name", "description"},
    "charter": set(),
    "destinations": {"file", "notify"},
}


def fields(model: type[BaseModel], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field of a model and of the models in it, as a path of keys and places."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for inner, listed in nested(field.annotation):
            yield from fields(inner, (*path, name, 0) if listed else (*path, name))


def nested(kind: Any, listed: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, listed
    inside = listed or getattr(kind, "__origin__", None) in (tuple, list)
    for one in get_args(kind):
        yield from nested(one, inside)


def placed(base: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of a document with a value at a path; what is missing on the way is made."""
    document: Any = deepcopy(base)
    at = document
    for key, after in pairwise(path):
        empty: Any = [{}] if after == 0 else {}
        if isinstance(at, dict) and not at.get(key):
            at[key] = empty
        at = at[key]
    at[path[-1]] = value
    return document


TRIED = [
    (kind, path, form)
    for kind, (model, _) in MODELS.items()
    for path in fields(model)
    for form in (CANARY, [CANARY], {"a": CANARY})
]


def told(fault: BaseException) -> str:
    """All that a traceback would show, causes included."""
    return "".join(traceback.format_exception(fault))


def accepts(kind: str, path: tuple[Any, ...], form: Any) -> bool:
    """Whether a document with the canary in it is valid; if not, no fault of it may show it."""
    model, base = MODELS[kind]
    shown = ""
    try:
        model.model_validate(placed(base, path, form))
    except ValidationError as fault:
        shown = told(fault)
    assert CANARY not in shown, path
    return not shown


def test_no_fault_of_a_model_shows_what_was_read():
    free: dict[str, set[str]] = {kind: set() for kind in MODELS}
    for kind, path, form in TRIED:
        if accepts(kind, path, form):
            free[kind].add(".".join(map(str, path)))
    assert free == FREE
    assert len(TRIED) > 300


@pytest.mark.parametrize("kind", ["hedge", "condors"])
def test_no_refusal_of_a_policy_file_repeats_it(run, tmp_path, kind):
    seen = 0
    for which, path, form in TRIED:
        if which != kind or path[0] in FREE[kind] or not isinstance(form, str):
            continue
        file = tmp_path / f"{kind}.yaml"
        file.write_text(yaml.safe_dump(placed(MODELS[kind][1], path, form), sort_keys=False))
        answer = run("policy", "check", file)
        assert answer.exit_code == 1, (path, answer.output)
        assert CANARY not in answer.output + told(answer.exception), path
        seen += 1
    assert seen > 25


SPOILT = (
    f"name: *{CANARY}\n", f"name: &{CANARY} x\n", f"name: !!int {CANARY}\n", f"name: !{CANARY} x\n",
    f"name: [{CANARY}\n", f"{CANARY}\n", f"- {CANARY}\n", f'name: "\\{CANARY}"\n',
    f"name: {CANARY}: {CANARY}\n", f"%{CANARY}\nname: x\n", f"name: @{CANARY}\n",
    f"name: '{CANARY}\n", f"layers: {CANARY}\n",
)  # fmt: skip


@pytest.mark.parametrize("text", SPOILT)
@pytest.mark.parametrize(
    "read",
    [lambda file: read_source(file.read_text(), "x"), alvh.load_policy, read_book,
     read_destinations],
)  # fmt: skip
def test_no_traceback_of_a_spoilt_file_shows_it(tmp_path, text, read):
    file = tmp_path / "x.yaml"
    file.write_text(text)
    shown = ""
    try:
        read(file)
    except AlvhError as fault:
        shown = told(fault)
    assert CANARY not in shown
    assert shown or read.__name__ == "<lambda>"  # YAML, and judged by others


@pytest.fixture
def desk(run, tmp_path: Path, monkeypatch) -> Path:
    """A desk with a ledger, a key and a book, whose settings are in the environment."""
    for name, value in (("LEDGER", "ledger.db"), ("KEY", "me.pem"), ("BOOK", "book.csv")):
        monkeypatch.setenv(f"ALVH_{name}", str(tmp_path / value))
    monkeypatch.setenv("USER", "ann")
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "book.csv", Book("main", (Flow(date(2015, 8, 14), "deposit", 1e6),)))
    assert run("ledger", "key", "new", tmp_path / "me.pem").exit_code == 0
    words = ("--hedge", "alvh-40-40-20", "--condors", "monthly45")
    assert run("policy", "propose", *words).exit_code == 0
    return tmp_path


def heard(desk: Path, answers: list[Any], hidden: tuple[str, ...]) -> str:
    """All that was answered or written, but for the files in which the secret was put."""
    text = "".join(one.output + (told(one.exception) if one.exception else "") for one in answers)
    written = [file for file in desk.rglob("*") if file.is_file() and file.name not in hidden]
    return text + "".join(file.read_bytes().decode("latin-1") for file in written)


@pytest.mark.parametrize("column", [one for one in COLUMNS if one != "order"])
def test_a_book_with_a_secret_in_a_column(run, desk, column):
    """An order's name is shown, as a name is; the broker's number of an execution is not."""
    row = {"date": "2015-08-17", "kind": "trade", "sleeve": "short", "order": "one",
           "symbol": "VIX   150916C00020000", "quantity": "1", "price": "2"}  # fmt: skip
    row[column] = CANARY
    lines = [",".join(COLUMNS), "2015-08-14,deposit,,,,,,,1000000,,"]
    if column in ("amount", "key"):
        lines.append(",".join({"date": "2015-08-14", "kind": "interest", "amount": "1",
                               column: CANARY}.get(name, "") for name in COLUMNS))  # fmt: skip
    lines.append(",".join(row.get(name, "") for name in COLUMNS))
    (desk / "book.csv").write_text("\n".join(lines) + "\n")
    words = ("--as-of", "2015-08-18")
    answers = [
        run("book", "show"),
        run("book", "show", "--json"),
        run("book", "mark", "--as-of", "2015-08-17"),
        run("today", *words),
        run("today", *words, "--ledger", desk / "ledger.db", "--tickets", desk / "out", "--json"),
        run("watch", "--once", *words),
        run("ledger", "show", "--json"),
        run("ledger", "export", desk / "export.jsonl"),
        run("journal", "tax", "2015"),
    ]
    assert "Traceback" not in "".join(one.output for one in answers)
    assert CANARY not in heard(desk, answers, ("book.csv",))


@pytest.mark.parametrize("path", [*fields(Charter), ("keys", "ann"), ("witnesses", "bob")])
def test_a_charter_with_a_secret_in_a_field(run, desk, path):
    charter = placed({"keys": {"ann": PUBLIC}}, path, CANARY)
    (desk / "charter.yaml").write_text(yaml.safe_dump(charter))
    answers = [run("policy", "propose", "--charter", desk / "charter.yaml")]
    assert answers[0].exit_code == 1
    assert CANARY not in heard(desk, answers, ("charter.yaml",))


def test_a_key_given_in_place_of_its_file(run, desk, monkeypatch):
    whole = (desk / "me.pem").read_text()
    body = whole.splitlines()[1]
    for given in (whole, body, body.replace("/", "+"), f"{body[:35]}/{body[36:]}"):
        commands: list[tuple[Any, ...]] = [
            ("ledger", "checkpoint", "--key", given),
            ("ledger", "resume", "--key", given),
            ("policy", "propose", "--key", given, "--hedge", "vxth", "--condors", "monthly45"),
            ("watch", "--once", "--as-of", "2015-08-17", "--key", given),
        ]
        monkeypatch.setenv("ALVH_KEY", given)
        answers = [run(*command) for command in (*commands, ("ledger", "checkpoint"))]
        assert {one.exit_code for one in answers} <= {1, 2}  # 2: it looks like an option
        assert body[24:36] not in heard(desk, answers, ("me.pem",))  # before it: what kind of key


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")  # which the library for downloads reads


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("scheme", ["socks5", "nonsense"])
@pytest.mark.parametrize("command", [("data", "pull"), ("chain", "pull")])
def test_a_proxy_with_a_password(shell, tmp_path, monkeypatch, name, scheme, command):
    for one in PROXIES:
        monkeypatch.delenv(one, raising=False)
        monkeypatch.delenv(one.lower(), raising=False)
    monkeypatch.setenv(name, f"{scheme}://me-{CANARY}:{CANARY}@127.0.0.1:9")
    source = ("--source", "fred") if command[0] == "data" else ()
    answer = shell(*command, tmp_path / "data", *source)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert CANARY not in answer.stdout + answer.stderr
    assert CANARY not in heard(tmp_path, [], ())


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_does_not_answer(tmp_path, monkeypatch, caplog, name):
    for one in PROXIES:
        monkeypatch.delenv(one, raising=False)
        monkeypatch.delenv(one.lower(), raising=False)
    monkeypatch.setenv(name, f"http://me-{CANARY}:{CANARY}@127.0.0.1:9")
    caplog.set_level("DEBUG")
    manners = Manners(pause=0.0, retries=0, sleep=lambda seconds: None)
    day, wanted = date(2020, 3, 2), list[Wanted]()
    for scheme in ("http", "https"):
        places = Endpoints(fred=scheme + "://127.0.0.1:9/{symbol}")
        wanted += plan(day, sources=["fred"], endpoints=places)
    report = pull(tmp_path, wanted, today=day, manners=manners)
    assert report.failed
    assert CANARY not in str(report) + caplog.text + heard(tmp_path, [], ())


@pytest.mark.parametrize(
    "address",
    [f"tcp://me:{CANARY}@127.0.0.1:9", f"nonsense://{CANARY}", CANARY, f"tcp://{CANARY}@:9",
     f"tcp://127.0.0.1:9/{CANARY}?token={CANARY}", f"tcp://[{CANARY}:9"],
)  # fmt: skip
def test_the_address_of_a_cluster(address):
    pytest.importorskip("dask.distributed")
    hidden = "host" if address.startswith("nonsense") else CANARY  # a host is a place
    with pytest.raises(AlvhError) as refusal:
        list(alvh.cluster.in_pieces(max, [(0, 1)], address))
    assert hidden not in told(refusal.value) or hidden == "host"
    assert shown("tcp://me:secret@host:8786/x") == "tcp://host:8786"


def options(command: Any) -> Iterator[click.Parameter]:
    """Every option of every command."""
    yield from command.params
    for one in getattr(command, "commands", {}).values():
        yield from options(one)


def read_from_environment() -> set[str]:
    """Names of variables that the sources read, as constants of calls and subscripts."""
    names = set()
    for path in Path(alvh.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            about = ast.unparse(node) if isinstance(node, ast.Call | ast.Subscript) else ""
            if about.startswith(("os.environ", "environ", "os.getenv", "getenv")):
                names |= {c.value for c in ast.walk(node)
                          if isinstance(c, ast.Constant) and isinstance(c.value, str)}  # fmt: skip
    return names


def test_every_variable_that_is_read_is_a_place_or_a_name():
    """A new one fails here until somebody has said what it may hold, and tried it above."""
    told = {one.envvar for one in options(typer.main.get_command(app)) if one.envvar}
    assert told == {"ALVH_BOOK", "ALVH_LEDGER", "ALVH_KEY", "USER"}
    assert read_from_environment() == {"XDG_CACHE_HOME", "NUMBA_CACHE_DIR"}


def test_no_option_takes_a_secret_itself():
    """Whatever is typed stands in the shell's history: a key or an address comes from a file."""
    for one in options(typer.main.get_command(app)):
        words = {word for name in one.opts for word in name.strip("-").split("-")}
        assert not words & {"password", "passphrase", "token", "secret", "notify", "apikey"}


IBKR = f"""\
Statement,Header,Field Name,Field Value
Statement,Data,Title,Activity Statement
Account Information,Header,Field Name,Field Value
Account Information,Data,Name,{CANARY}
Account Information,Data,Account,{CANARY}
Account Information,Data,Account Alias,{CANARY}
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code
Trades,Data,Order,Equity and Index Options,USD,VIX 16SEP15 20 C,"2015-08-17, 10:30:15",10,1.22,1.2,"-1,220",-10.5,1230.5,0,0,O
"""  # noqa: E501


def test_who_an_account_belongs_to_is_not_taken_in(run, desk):
    (desk / "ib.csv").write_text(IBKR)
    answers = [
        run("book", "import", desk / "ib.csv", "--sleeve", "short"),
        run("fills", "import", desk / "ib.csv"),
        run("book", "show"),
        run("ledger", "export", desk / "export.jsonl"),
    ]
    assert answers[0].exit_code == 0, answers[0].output
    assert CANARY not in heard(desk, answers, ("ib.csv",))


def test_no_page_shows_a_key_an_address_or_a_broker_s_number(run, desk):
    """Every page that a server has, and every answer to a program."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    from fastapi.testclient import TestClient

    from alvh.web import create_app, open_desk, screens

    secret = (desk / "me.pem").read_text().splitlines()[1]
    (desk / "to.yaml").write_text(f"notify: ['nonsense-{CANARY}://{CANARY}@h']\n")
    (desk / "book.csv").write_text(
        f"{','.join(COLUMNS)}\n2015-08-14,deposit,,,,,,,1000000,,{CANARY}\n"
    )
    run("watch", "--once", "--as-of", "2015-08-17", "--to", desk / "to.yaml")
    server = open_desk("bundled", [], [], desk / "ledger.db", desk / "book.csv")
    web = create_app(server, ["127.0.0.1:1"], "token")
    client = TestClient(web, base_url="http://127.0.0.1:1", raise_server_exceptions=False)
    modules = [
        import_module(one.name) for one in iter_modules(screens.__path__, "alvh.web.screens.")
    ]
    routes = [one for module in modules for one in module.router.routes if "GET" in one.methods]
    paths = ["/", "/api/openapi.json", *(one.path for one in routes)]
    kinds = {"work": "simplex", "key": "x", "name": "x", "panel": "x"}
    asked = {path.format_map(_Any(kinds)) for path in paths}
    assert len(asked) > 15
    for path in sorted(asked):
        text = client.get(path).text
        assert CANARY not in text, path
        assert secret not in text, path
    server.jobs.close()


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


def test_an_alert_about_a_bad_book_does_not_repeat_it(run, desk):
    (desk / "book.csv").write_text(f"{','.join(COLUMNS)}\n2015-08-14,{CANARY},,,,,,,1,,\n")
    answer = run("watch", "--once", "--as-of", "2015-08-17", "--json")
    (alert,) = json.loads(answer.stdout)["raised"]
    assert "is no kind of row" in alert["text"]
    assert CANARY not in answer.stdout
