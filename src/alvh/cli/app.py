"""The root command: its subcommands, the version, and what a refusal looks like."""

import gc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from alvh.cli import (
    book_commands,
    chain_commands,
    chain_fit_commands,
    data_commands,
    fills_commands,
    journal_commands,
    ledger_commands,
    policy_commands,
    version_commands,
)
from alvh.cli.ablation_command import ablation
from alvh.cli.attribution_command import attribution
from alvh.cli.backtest_command import backtest
from alvh.cli.claims_command import claims
from alvh.cli.compare_command import compare
from alvh.cli.console import note, say
from alvh.cli.explain_command import explain
from alvh.cli.grid_command import grid
from alvh.cli.health_command import health
from alvh.cli.motion_command import motion
from alvh.cli.pool_command import pool
from alvh.cli.press_command import press
from alvh.cli.project_command import project
from alvh.cli.quote_command import quote
from alvh.cli.replay_command import replay
from alvh.cli.serve_command import serve
from alvh.cli.shift_command import shift
from alvh.cli.signals_command import signals
from alvh.cli.simplex_command import simplex
from alvh.cli.steward_command import steward
from alvh.cli.stress_command import stress
from alvh.cli.today_command import today
from alvh.cli.watch_command import watch
from alvh.cli.worlds_command import worlds
from alvh.errors import AlvhError

REFUSED = 1
# A command makes some hundred thousand objects that live to its end, compiled functions above all:
# looking through them for garbage every 700 new ones takes a seventh of its time.
_RARELY = (200_000, 50, 50)


class RefusingGroup(TyperGroup):
    """Turns every refusal of the package into one line on the error stream and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Parameters
        ----------
        ctx : click context
            What was typed.

        Returns
        -------
        object
            Whatever the command returns.

        Raises
        ------
        typer.Exit
            With code 1 where the package refused.
        """
        try:
            return super().invoke(ctx)
        except AlvhError as refusal:
            note(f"alvh: {' '.join(str(refusal).split())}")
            raise typer.Exit(REFUSED) from refusal
        except BrokenPipeError:
            raise  # whoever read the answer has had enough; that is no refusal
        except OSError as fault:
            if fault.filename is None:
                raise
            note(f"alvh: {fault.filename}: {fault.strerror}; check the path and its permissions")
            raise typer.Exit(REFUSED) from fault


app = typer.Typer(
    name="alvh",
    cls=RefusingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: the decorated one costs a fifth of a second of imports
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Price an SPX iron condor book and its layered VIX hedge as one book, and test whether "
    "the hedge is worth its cost.",
)
for command in (
    compare,
    backtest,
    simplex,
    grid,
    claims,
    explain,
    signals,
    health,
    steward,
    pool,
    motion,
    ablation,
    attribution,
    press,
    project,
    shift,
    replay,
    stress,
    worlds,
    quote,
    watch,
    serve,
    today,
):
    app.command()(command)
app.add_typer(data_commands.app, name="data")
app.add_typer(policy_commands.app, name="policy")
app.add_typer(chain_fit_commands.app, name="chain")
app.add_typer(ledger_commands.app, name="ledger")
app.add_typer(journal_commands.app, name="journal")
app.add_typer(book_commands.app, name="book")
app.add_typer(fills_commands.app, name="fills")
policy_commands.app.command()(version_commands.propose)
policy_commands.app.command()(version_commands.sign)
app.add_typer(chain_commands.app, name="chain")
app.add_typer(chain_fit_commands.app, name="chain")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"alvh {version('alvh')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold the options that come before any command."""


def main() -> None:
    """Run the command line and leave with its exit code: 0, 1 refused, 2 usage."""
    gc.set_threshold(*_RARELY)
    app(prog_name="alvh")
