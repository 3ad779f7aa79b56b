"""``llumnix-dash simulate``: a fleet's metrics without a fleet."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llumnix_dash.cli.settings_option import settings_option
from llumnix_dash.errors import UserError
from llumnix_dash.files import replacing, write_text
from llumnix_dash.fleet.scenarios import SCENARIOS
from llumnix_dash.settings.scrape import relabeling

if TYPE_CHECKING:
    from llumnix_dash.fleet.history import Relabeling
    from llumnix_dash.settings.site import Site

_FILE = click.Path(dir_okay=False, path_type=Path)
_RESTART_AFTER_SECONDS = 300


class _ExplainsScenarios(click.Command):
    """A command whose help has a section for the scenarios."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The scenarios, then the options."""
        with formatter.section("Scenarios"):
            formatter.write_dl([(name, one.explanation) for name, one in SCENARIOS.items()])
        super().format_options(ctx, formatter)


@click.command(cls=_ExplainsScenarios, name="simulate")
@click.argument("scenario", default="default")
@click.option("--openmetrics", type=_FILE, metavar="FILE", help="Past: write samples for promtool.")
@click.option(
    "--prometheus-text",
    type=_FILE,
    metavar="FILE",
    help="Past: write samples in the Prometheus format with times in milliseconds, as VictoriaMetrics imports them at"
    " /api/v1/import/prometheus.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Past: from the first sample to the last.",
)
@click.option(
    "--end", type=int, metavar="EPOCH_S", help="Past: the last sample's time.  [default: now, to a full interval]"
)
@click.option(
    "--interval",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="From scrape to scrape.  [default: 10; big: 60 if past]",
)
@click.option(
    "--serve",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Live: serve /<target>/metrics on loopback; 0 takes a free port.",
)
@click.option(
    "--prometheus-config", type=_FILE, metavar="FILE", help="Live: write a configuration that scrapes the targets."
)
@click.option(
    "--monitoring",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="Live: the monitors whose selectors and relabelings --prometheus-config applies; more than once for several"
    " files.  [default: deploy/base/monitoring.yaml; several-engines: and its component's]",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same fleet.")
@settings_option
def command(
    *,
    scenario: str,
    openmetrics: Path | None,
    prometheus_text: Path | None,
    minutes: float,
    end: int | None,
    interval: int | None,
    serve: int | None,
    prometheus_config: Path | None,
    monitoring: tuple[Path, ...],
    seed: int,
    site: "Site | None",
) -> None:
    """Simulate a Llumnix fleet's metrics, live or past.

    \b
    An hour that has passed, as a Prometheus store:
      llumnix-dash simulate overload --openmetrics fleet.om --minutes 60
      promtool tsdb create-blocks-from openmetrics fleet.om data
      prometheus --config.file /dev/null --storage.tsdb.path data

    \b
    A live fleet and a Prometheus that scrapes it:
      llumnix-dash simulate --serve 9400 --prometheus-config prometheus.yml &
      prometheus --config.file prometheus.yml

    The same scenario, seed, length and end give the same bytes on any machine. It reads no environment variables.
    """
    if serve is not None:
        if openmetrics or prometheus_text:
            raise UserError(
                "a fleet is simulated live or in the past, not both", hint="leave out --serve, or the files"
            )
        _serve(scenario, seed, serve, prometheus_config, monitoring, interval, site)
    elif prometheus_config:
        raise UserError("--prometheus-config needs a live fleet to scrape", hint="--serve 9400")
    elif openmetrics or prometheus_text:
        _write_past(
            scenario,
            seed,
            minutes=minutes,
            end=end,
            interval=interval,
            openmetrics=openmetrics,
            prometheus_text=prometheus_text,
            relabel=relabeling(site) if site else dict,
        )
    else:
        raise UserError(
            "nothing to do with the fleet",
            hint="llumnix-dash simulate --openmetrics fleet.om\nllumnix-dash simulate --serve 9400",
        )


def _write_past(
    name: str,
    seed: int,
    *,
    minutes: float,
    end: int | None,
    interval: int | None,
    openmetrics: Path | None,
    prometheus_text: Path | None,
    relabel: "Relabeling",
) -> None:
    from llumnix_dash.fleet import scenario, simulate
    from llumnix_dash.fleet.textformat import write_openmetrics, write_prometheus

    chosen = scenario(name)
    step = interval or chosen.interval
    last = int(time.time()) // step * step if end is None else end
    wanted = ((openmetrics, write_openmetrics), (prometheus_text, write_prometheus))
    with ExitStack() as files:
        # Opened first: a file that cannot be written is told before the work, not after it.
        outputs = [(files.enter_context(replacing(path)), write) for path, write in wanted if path]
        with _progress(f"simulating {name}") as progress:
            fleet = simulate(
                chosen, end=last, minutes=minutes, seed=seed, interval=step, progress=progress, relabel=relabel
            )
        for stream, write in outputs:
            write(fleet, stream)
    first = f"{datetime.fromtimestamp(fleet.start, UTC):%Y-%m-%d %H:%M:%S}"
    for path, _ in wanted:
        if path:
            click.echo(
                f"{path}: {fleet.history.samples:,} samples of {len(fleet.history.up)} targets,"
                f" {first} to {datetime.fromtimestamp(last, UTC):%H:%M:%S} UTC"
            )


def _serve(
    name: str,
    seed: int,
    port: int,
    config: Path | None,
    monitoring: tuple[Path, ...],
    interval: int | None,
    site: "Site | None",
) -> None:
    from llumnix_dash.fleet import scenario
    from llumnix_dash.fleet.fleet import RunningFleet
    from llumnix_dash.fleet.live import LiveFleet, server
    from llumnix_dash.fleet.prometheus_config import monitoring_of, prometheus_config

    fleet = RunningFleet(scenario(name), seed, restart_at=_RESTART_AFTER_SECONDS)
    with server(LiveFleet(fleet), port) as listener:
        if config:
            monitors = monitoring or monitoring_of(fleet)
            relabel = relabeling(site) if site else None
            text = prometheus_config(fleet, monitors, listener.server_port, interval=interval, relabel=relabel)
            write_text(config, text)
            click.echo(f"{config}: scrapes {len(fleet.places)} targets")
        try:
            click.echo(f"serving {name} on http://127.0.0.1:{listener.server_port}/ (Ctrl-C stops)")
            sys.stdout.flush()
            listener.serve_forever()
        except KeyboardInterrupt:
            click.echo("\nstopped", err=True)


@contextmanager
def _progress(label: str) -> Iterator[Callable[[float], None] | None]:
    """A bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(round(share * 1000) - bar.pos)
