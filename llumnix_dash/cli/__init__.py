"""The command line: wiring only.

Each command lives in the module of its name and is imported when it runs, so that ``--help`` is quick and a command
pays for nothing but its own imports. To add a command, add a line to :data:`COMMANDS` and a module.
"""

import importlib
import io
import os
import sys
from typing import Any

import click

from llumnix_dash import __version__
from llumnix_dash.cli.messages import complain, trace, unforeseen
from llumnix_dash.errors import UserError, nearest

# name -> the line that `llumnix-dash --help` shows for it; `name` in llumnix_dash/cli/<name>.py is the command.
COMMANDS = {
    "generate": "Write the dashboards' JSON files.",
    "list": "List the dashboards: uid, panels, queries.",
    "simulate": "Simulate a Llumnix fleet's metrics, live or past.",
    "verify": "Run every query of a dashboard on a Prometheus.",
    "diff": "Tell what changed on the dashboards, panel by panel.",
    "push": "Bring the dashboards to a Grafana, after a plan.",
    "status": "Compare a Grafana's dashboards with ours, read-only.",
    "pull": "Save a Grafana's live dashboards in canonical form.",
    "restore": "Bring back a copy that a push kept of what it replaced.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the README: from making dashboards to looking after them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now; None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"llumnix_dash.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, with the nearest known name where the given one is unknown."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            likely = nearest(args[0], COMMANDS)
            raise UserError(
                f"there is no command {args[0]!r}",
                hint=f"llumnix-dash {likely}" if likely else "llumnix-dash --help",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="llumnix-dash")
@click.option("--debug", is_flag=True, help="Of a fault of the program, show the traceback; it holds no secrets.")
@click.pass_context
def program(context: click.Context, debug: bool) -> None:
    """Grafana dashboards as code for Llumnix, an LLM serving system.

    \b
    Make the dashboards:       llumnix-dash generate
    See what a change does:    llumnix-dash diff git:main
    Bring them to a Grafana:   GRAFANA_URL=https://grafana.example GRAFANA_TOKEN_FILE=token llumnix-dash push

    Exit codes: 0 fine; 1 the command found something (a stale file, a difference, a dashboard not pushed);
    2 wrong usage or unreadable input; 3 a server that cannot be reached or refuses the credentials.
    """
    context.ensure_object(dict)["debug"] = debug


def main(args: list[str] | None = None) -> None:
    """Runs the program and exits: every error becomes a message on stderr and an exit code, never a traceback."""
    context: dict[str, Any] = {"color": False} if os.environ.get("NO_COLOR") else {}
    state: dict[str, bool] = {}
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Half of a surrogate pair, or a letter that the terminal's encoding lacks, is written as an escape.
            stream.reconfigure(errors="backslashreplace")
    try:
        result = program.main(args, prog_name="llumnix-dash", standalone_mode=False, obj=state, **context)
        # click gives a command's exit code back where it called ctx.exit(), and its return value elsewhere.
        sys.exit(result if isinstance(result, int) else 0)
    except UserError as error:
        complain(error.render(), **context)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx:
            click.echo(error.ctx.get_usage(), err=True)
        complain(error.format_message(), **context)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nstopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has gone: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        fault = unforeseen(error)
        if state.get("debug"):
            click.echo("\n".join(trace(error)), err=True)
        complain(fault.render(), **context)
        sys.exit(fault.exit_code)
