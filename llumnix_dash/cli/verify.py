"""``llumnix-dash verify``: every query of a dashboard, run on a Prometheus as Grafana would run it."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llumnix_dash.cli.settings_option import settings_option
from llumnix_dash.errors import UserError, nearest
from llumnix_dash.prometheus.connection import VARIABLES
from llumnix_dash.report.progress import Progress

if TYPE_CHECKING:
    from llumnix_dash.interpolation.timerange import TimeRange
    from llumnix_dash.settings.site import Site
    from llumnix_dash.verify.collection import Collection
    from llumnix_dash.verify.render import Renderer
    from llumnix_dash.verify.run import Settings

_WIDTH = max(len(names) for names in VARIABLES) + 2
EPILOG = "\n".join(
    [
        "\b",
        "Environment:",
        *(f"  {names.ljust(_WIDTH)}{meaning}" for names, meaning in VARIABLES.items()),
        "",
        "Exit codes: 0 every panel has data, or a reason in the fleet's roles or mode for having none; 1 a panel is "
        "without data or in error (see --fail-on); 2 wrong usage or an unreadable file; 3 a Prometheus or an exporter "
        "that cannot be reached or refuses the credentials.",
    ]
)


@click.command(epilog=EPILOG, short_help="Run every query of a dashboard on a Prometheus.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--prometheus", metavar="URL", help="The Prometheus or VictoriaMetrics to ask.")
@click.option("--from", "start", metavar="TIME", help="Start of the time range: now-6h, an ISO time, epoch seconds.")
@click.option("--to", "end", metavar="TIME", default="now", show_default=True, help="End of the time range.")
@click.option(
    "--range", "length", metavar="DURATION", help="Length of the time range, instead of --from.  [default: 1h]"
)
@click.option(
    "--set",
    "chosen",
    metavar="NAME=VALUE",
    multiple=True,
    help="A variable's value; again for several values; All for all. Otherwise a variable has the value it opens with.",
)
@click.option(
    "--scrape-interval",
    metavar="DURATION",
    default="15s",
    show_default=True,
    help="The data source's setting, on which $__rate_interval depends.",
)
@click.option(
    "--metrics-url",
    metavar="URL",
    multiple=True,
    help="Compare with what this exporter serves at /metrics; may be repeated, and needs no Prometheus.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "no-data", "regression"]),
    default="no-data",
    show_default=True,
    help="What exits with 1: errors alone; blanks too; or what had data on --base and has none now.",
)
@click.option(
    "--base", metavar="SOURCE", help="The dashboards before: a file, a folder or git:REV[:path]; for regressions."
)
@click.option(
    "--allow",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file of panels that may be blank, each with its reason.",
)
@click.option(
    "--job",
    "coverage_jobs",
    metavar="REGEX",
    multiple=True,
    help="Jobs whose metrics the coverage counts; may be repeated.  [default: Llumnix' own; with a PATH, all]",
)
@click.option(
    "--datasource",
    "sources",
    metavar="NAME=prometheus|skip",
    multiple=True,
    help="Whether queries on this data source (its uid, name or variable) run; may be repeated.",
)
@click.option("--format", "output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=30.0, show_default=True, help="Seconds for each query."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Queries that run at a time.")
@settings_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    prometheus: str | None,
    start: str | None,
    end: str,
    length: str | None,
    chosen: tuple[str, ...],
    scrape_interval: str,
    metrics_url: tuple[str, ...],
    fail_on: str,
    base: str | None,
    allow: Path | None,
    coverage_jobs: tuple[str, ...],
    sources: tuple[str, ...],
    output: str,
    timeout: float,
    jobs: int,
    site: "Site | None",
) -> None:
    """Run every query of a dashboard on a Prometheus, as its panels would.

    PATH is a dashboard's file, a folder of such files, or git:REV[:path]; any Grafana dashboard will do. Without a
    PATH the Llumnix dashboards are taken. Each panel is ok, no data or error; a blank that the roles or the mode of
    the fleet explain is told apart. At the end stand the metrics that no panel shows, and those that panels ask for in
    vain.

    \b
    llumnix-dash verify --prometheus http://localhost:9090
    llumnix-dash verify mine.json --range 6h --set model=qwen --set model=llama
    llumnix-dash verify --metrics-url http://localhost:8089/metrics
    """
    from llumnix_dash.catalog import labels
    from llumnix_dash.cli.messages import UNREADABLE
    from llumnix_dash.document.sources import generated
    from llumnix_dash.interpolation.timerange import parse_duration
    from llumnix_dash.prometheus.connection import from_environment
    from llumnix_dash.verify.check import Check, coverage_without_store
    from llumnix_dash.verify.collection import Collection
    from llumnix_dash.verify.gate import Allowance, allowed, read_allowed
    from llumnix_dash.verify.render import FORMATS
    from llumnix_dash.verify.report import FailOn, Summary
    from llumnix_dash.verify.run import Settings

    parse_duration(scrape_interval)
    if fail_on == "regression" and not base:
        raise UserError("--fail-on regression compares with a base", hint="--base git:main")
    if base and (fail_on != "regression"):
        raise UserError("--base is for --fail-on regression", hint="add --fail-on regression, or leave --base out")
    own_range = not (start or length) and end == "now"
    settings = Settings(_time_range(start, end, length), _chosen(chosen), scrape_interval, jobs, own_range=own_range)
    asked = _asked(sources)
    allowances = read_allowed(allow) if allow else ()
    dashboards = Collection(paths, asked, lambda: generated(site))
    count, all_read = _surveyed(dashboards, settings)
    if not count:
        ctx.exit(UNREADABLE)
    before = Collection((base,), asked) if base else None
    base_read = before is None or _surveyed(before, settings)[1]
    summary = Summary(settings.time_range, FailOn(fail_on))
    printer = _Printer(FORMATS[output]())
    used: set[Allowance] = set()
    if prometheus or os.environ.get("PROMETHEUS_URL") or not metrics_url:
        connection = from_environment(prometheus, os.environ)
        summary.url = connection.url
        check = Check(
            connection,
            settings,
            timeout,
            base=list(before or ()),
            exporters=metrics_url,
            jobs=coverage_jobs or (() if paths else _llumnix_jobs(site)),
            role=site.labels.infer_type if site else labels.ROLE,
        )
        for number, dashboard in enumerate(dashboards, 1):
            with Progress(f"{number} of {count}: {dashboard.title}" if count > 1 else dashboard.title) as progress:
                result = allowed(check.result(dashboard, progress.at), allowances, used)
            summary.add(result)
            printer.show(printer.renderer.dashboard(result))
        summary.coverage = check.coverage()
    else:
        summary.coverage = coverage_without_store(dashboards, settings, metrics_url)
    printer.show(printer.renderer.end(summary))
    for one in allowances:
        if one not in used:
            click.echo(f"note: {allow} allows {one.panel!r} to be blank, and no such panel is", err=True)
    ctx.exit(UNREADABLE if not (all_read and base_read) else 1 if summary.fails else 0)


class _Printer:
    """Prints each text as it comes, with a blank line between."""

    def __init__(self, renderer: "Renderer") -> None:
        self.renderer = renderer
        self._printed = False

    def show(self, text: str) -> None:
        """Prints a text, unless it is empty."""
        if text:
            click.echo("\n" * self._printed + text)
            self._printed = True


def _llumnix_jobs(site: "Site | None") -> list[str]:
    from llumnix_dash.verify.coverage import LLUMNIX_JOBS

    return [one if site is None else site.job_names.get(one, one) for one in LLUMNIX_JOBS]


def _asked(pairs: Sequence[str]) -> dict[str, bool]:
    """Data source -> whether it is asked as a Prometheus."""
    asked = {}
    for pair in pairs:
        name, _, what = pair.rpartition("=")
        if not name or what not in {"prometheus", "skip"}:
            raise UserError(f"{pair!r} is not NAME=prometheus or NAME=skip", where="--datasource")
        asked[name.strip("${}")] = what == "prometheus"
    return asked


def _surveyed(dashboards: "Collection", settings: "Settings") -> tuple[int, bool]:
    """How many dashboards there are, and whether all could be read; each chosen variable is one of theirs."""
    from llumnix_dash.cli.messages import tell_unread

    found = dashboards.survey()
    tell_unread([found.note], (problem.render() for problem in found.problems))
    for name in settings.chosen:
        if found.count and name not in found.variables:
            likely = nearest(name, found.variables)
            listed = ", ".join(sorted(found.variables)) or "none"
            raise UserError(
                f"no dashboard has a variable {name!r}",
                where="--set",
                hint=f"--set {likely}=…" if likely else f"their variables: {listed}",
            )
    return found.count, not found.problems


def _time_range(start: str | None, end: str, length: str | None) -> "TimeRange":
    from llumnix_dash.interpolation.timerange import TimeRange, parse_duration, parse_time

    if start and length:
        raise UserError("--from and --range both say when the time range starts", hint="leave one of them out")
    now = time.time()
    until = parse_time(end, now, round_up=True)
    since = parse_time(start, now) if start else until - parse_duration(length or "1h")
    if since >= until:
        raise UserError("the time range ends before it starts", hint="--from must be earlier than --to")
    return TimeRange(since, until)


def _chosen(pairs: Sequence[str]) -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UserError(f"{pair!r} is not NAME=VALUE", where="--set", hint="--set model=qwen")
        chosen.setdefault(name, []).append(value)
    return chosen
