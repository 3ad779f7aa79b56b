"""``llumnix-dash simulate``: a fleet's metrics without a fleet."""

import time
from pathlib import Path

import click

from llumnix_dash.fleet.scenarios import SCENARIOS


def _scenarios_help() -> str:
    lines = (f"{name}: {one.explanation}." for name, one in SCENARIOS.items())
    return "\n\n".join(lines)


class _Command(click.Command):
    """A command whose help explains the scenarios as a list."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, and before them the scenarios."""
        with formatter.section("Scenarios"):
            formatter.write_dl([(name, one.explanation) for name, one in SCENARIOS.items()])
        super().format_options(ctx, formatter)


@click.command(cls=_Command, name="simulate")
@click.argument("scenario", default="default")
@click.option(
    "--openmetrics",
    "openmetrics",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write past samples for promtool.",
)
@click.option(
    "--prometheus-text",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write past samples for VictoriaMetrics' /api/v1/import/prometheus.",
)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=60, show_default=True, help="Length of the past."
)
@click.option(
    "--end", type=int, metavar="EPOCH_S", help="The last sample's time.  [default: now, to the full interval]"
)
@click.option(
    "--interval",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="From scrape to scrape.  [default: 10, for big 60]",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and end give the same bytes.")
def command(
    scenario: str,
    openmetrics: Path | None,
    prometheus_text: Path | None,
    minutes: float,
    end: int | None,
    interval: int | None,
    seed: int,
) -> None:
    r"""Simulate a Llumnix fleet's metrics, live or past.

    \b
    An hour that has passed, as a store:
        llumnix-dash simulate default --openmetrics fleet.om --minutes 60
        promtool tsdb create-blocks-from openmetrics fleet.om data
        prometheus --storage.tsdb.path data --config.file /dev/null
    """
    from llumnix_dash.fleet import scenario as scenario_of
    from llumnix_dash.fleet import simulate
    from llumnix_dash.fleet.textformat import write_openmetrics, write_prometheus

    chosen = scenario_of(scenario)
    step = interval or chosen.interval
    fleet = simulate(chosen, end=end or int(time.time()) // step * step, minutes=minutes, seed=seed, interval=step)
    for path, write in ((openmetrics, write_openmetrics), (prometheus_text, write_prometheus)):
        if path:
            with open(path, "w", encoding="utf-8", newline="\n") as stream:
                write(fleet, stream)
