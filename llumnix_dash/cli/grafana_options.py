"""What push, status and pull share: the options that say which Grafana, and the progress on a terminal."""

import contextlib
import functools
import gc
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import click

from llumnix_dash.cli.messages import UNREADABLE, complain, tell_unread
from llumnix_dash.errors import UserError
from llumnix_dash.report.text import visible

if TYPE_CHECKING:
    from llumnix_dash.grafana.connect import Grafana
    from llumnix_dash.grafana.pushset import Wanted
    from llumnix_dash.settings.site import Site

ENVIRONMENT_HELP = """\b
Environment:
  GRAFANA_URL                               https://grafana.example or https://host/grafana
  GRAFANA_TOKEN_FILE or GRAFANA_TOKEN       a service-account token (glsa_...)
  GRAFANA_USER with GRAFANA_PASSWORD_FILE or GRAFANA_PASSWORD
  GRAFANA_HEADERS_FILE                      headers for a proxy, one per line: Name: value
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE
  LLUMNIX_DASH_SETTINGS                     the settings file with the contexts
                                            (default: ~/.config/llumnix-dash/settings.toml)"""
_FILE = click.Path(dir_okay=False)
_EXIT_AT_LEAST = f"{__name__}.exit_at_least"
Command = TypeVar("Command", bound=Callable[..., Any])
_STOPPED = 130
_MEANING = {
    0: "all is as it shall be",
    1: "something is not",
    2: "wrong usage, or an input that cannot be read",
    3: "it cannot be reached, or refuses the credentials",
    _STOPPED: "stopped",
}
CONNECTION = ("context", "org_id", "ca_cert", "client_cert", "client_key", "insecure", "api", "verbose")


class Server(NamedTuple):
    """One server of a command: the name of its context, None for that of the environment, and how to reach it."""

    name: str | None
    connect: "Callable[[], Grafana]"


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of a connection to a command that has --jobs.

    The command gets a ``connect`` in their place, to call when it needs the connection.
    """

    @functools.wraps(command)
    def with_connection(*args: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in CONNECTION}
        with _no_collector():
            return command(*args, connect=functools.partial(_connect, jobs=options["jobs"], **given), **options)

    one = click.option(
        "--context", metavar="NAME", help="A [contexts.NAME] of the settings file, instead of GRAFANA_URL."
    )
    return one(_with_connection_options(with_connection))


def servers_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """As :func:`connection_options`, for a command that goes to several servers, which it gets as ``servers``."""

    @functools.wraps(command)
    def with_servers(*args: Any, **options: Any) -> Any:
        from llumnix_dash.grafana.settings import context_names, load_settings

        given = {name: options.pop(name) for name in CONNECTION}
        contexts, every = given.pop("context"), options.pop("all_contexts")
        if contexts and every:
            raise UserError("--context and --all-contexts contradict one another", hint="give one of them")
        names = list(dict.fromkeys(context_names() if every else contexts)) or [None]
        for name in names if len(names) > 1 else ():
            load_settings(context=name)  # an error in one is told before another is written to
        connect = functools.partial(_connect, jobs=options["jobs"], **given)
        servers = [Server(name, functools.partial(connect, context=name)) for name in names]
        with _no_collector():
            return command(*args, servers=servers, **options)

    several = click.option(
        "--context",
        metavar="NAME",
        multiple=True,
        help="A [contexts.NAME] of the settings file, instead of GRAFANA_URL; can be repeated.",
    )
    every = click.option("--all-contexts", is_flag=True, help="Each context of the settings file, one after the other.")
    return several(every(_with_connection_options(with_servers)))


def on_each(servers: "Sequence[Server]", do: "Callable[[Grafana], tuple[int, Any]]", output: str) -> int:
    """Does it on each server and gives the highest exit code; prints what it gives where programs read it.

    Where there are several, an error of one is told and does not stop the others, and a summary ends it.
    """
    text = output == "text"
    if len(servers) == 1:
        code, told = do(servers[0].connect())
        if not text:
            click.echo(as_json(told))
        return code
    codes: dict[str, int] = {}
    objects: dict[str, Any] = {}
    for server in servers:
        name = str(server.name)
        if text:
            click.echo(f"{'' if not codes else chr(10)}[{visible(name)}]")
        try:
            codes[name], objects[name] = do(server.connect())
        except UserError as error:
            complain(f"[{name}] {error.render()}")
            codes[name], objects[name] = error.exit_code, {"error": error_json(error)}
        if codes[name] == _STOPPED:
            break
    if text:
        width = max(map(len, codes))
        click.echo("\n" + "\n".join(f"{visible(name).ljust(width)}  {_MEANING[code]}" for name, code in codes.items()))
    else:
        click.echo(as_json({"contexts": {name: {**objects[name], "exit_code": codes[name]} for name in codes}}))
    return max(codes.values())


def _with_connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = [
        click.option("--org-id", type=int, metavar="N", help="The organisation, where it is not the token's own."),
        click.option("--ca-cert", type=_FILE, help="The certificate authority that signed the server's certificate."),
        click.option("--client-cert", type=_FILE, help="A client certificate to show the server."),
        click.option("--client-key", type=_FILE, help="The key of the client certificate."),
        click.option("--insecure", is_flag=True, help="Do not check the server's certificate. For test servers."),
        click.option(
            "--api",
            type=click.Choice(["auto", "legacy", "k8s"]),
            default="auto",
            show_default=True,
            help="The API to speak: /api, or /apis (Grafana 12 and later). auto: /apis on unified storage, else /api.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Tell each request on stderr: method, path, status, time."),
        *(
            click.option(name, hidden=True, expose_value=False, callback=_refuse_secret)
            for name in ("--token", "--password", "--api-key", "--bearer-token")
        ),
        click.option("--url", hidden=True, expose_value=False, callback=_refuse_url),
    ]
    decorated = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def jobs_option(command: Command) -> Command:
    """Adds --jobs."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 32),
        default=4,
        show_default=True,
        metavar="N",
        help="How many requests at once. The order of the output does not depend on it.",
    )(command)


def backup_dir_option(command: Command) -> Command:
    """Adds --backup-dir."""
    return click.option(
        "--backup-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where copies are kept. [default: ~/.local/state/llumnix-dash/backups/SERVER]",
    )(command)


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --format; with ``json``, an error that ends the command is an object on stdout, too."""

    @functools.wraps(command)
    def with_errors(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except UserError as error:
            if options["output"] == "json":
                click.echo(as_json({"error": error_json(error), "exit_code": error.exit_code}))
            raise

    formats = click.Choice(["text", "json"])
    return click.option(
        "--format", "output", type=formats, default="text", show_default=True, help="For people, or for programs."
    )(with_errors)


def error_json(error: UserError) -> dict[str, Any]:
    """An error as an object for programs."""
    return {"summary": error.summary, "where": error.where, "detail": error.detail, "hint": error.hint}


def load_set(
    context: click.Context, inputs: "Sequence[str]", site: "Site | None" = None, *, whole: bool = False
) -> "list[Wanted]":
    """The dashboards of these inputs; what cannot be read is told, and the command then ends with exit code 2.

    Args:
        context: the command's.
        inputs: names and paths.
        site: the settings of the site, if it has its own.
        whole: whether the command deletes what is not in the set, so that nothing may be missing from it.

    Raises:
        UserError: as :func:`llumnix_dash.grafana.pushset.load`; or the set is not whole.
    """
    from llumnix_dash.grafana import pushset

    found = pushset.load(inputs, site)
    tell_unread([found.note], (problem.render() for problem in found.problems))
    if found.problems and whole:
        raise UserError(
            "--prune would delete the dashboards of what cannot be read; nothing was written",
            hint="mend the files, or push without --prune",
        )
    if found.problems and not found.wanted:
        context.exit(UNREADABLE)
    if found.problems:
        context.meta[_EXIT_AT_LEAST] = UNREADABLE
    return found.wanted


def end(context: click.Context, code: int) -> NoReturn:
    """Ends the command with this exit code, or with that of inputs that could not be read if it is higher."""
    context.exit(max(code, context.meta.get(_EXIT_AT_LEAST, 0)))


def as_json(value: object) -> str:
    """The text of a result for programs."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Holds back the garbage collector: walking the dashboards' JSON again and again would be a quarter of our work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _connect(*, context: str | None, api: Any, verbose: bool, jobs: int, **flags: Any) -> "Grafana":
    from llumnix_dash.grafana.connect import connect
    from llumnix_dash.grafana.settings import load_settings
    from llumnix_dash.grafana.transport import Transport, log

    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.handlers[:] = [handler]
        log.setLevel(logging.INFO)
    return connect(Transport(load_settings(context=context, flags=flags), at_once=jobs), api)


def _refuse_secret(_: click.Context, parameter: click.Parameter, value: Any) -> None:
    from llumnix_dash.grafana.settings import HOW_TO_GIVE_A_SECRET

    if value is not None:
        raise UserError(
            f"{parameter.opts[0]} would show the secret to everybody on this machine: arguments are public",
            hint=HOW_TO_GIVE_A_SECRET,
        )


def _refuse_url(_: click.Context, __: click.Parameter, value: Any) -> None:
    if value is not None:
        raise UserError("the address is not given as an option", hint="export GRAFANA_URL=https://grafana.example")
