"""What push and status share: the options that say what is to be where, and the plan that they make."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from llumnix_dash.cli.grafana_options import format_option, jobs_option, load_set, servers_options
from llumnix_dash.cli.settings_option import settings_option
from llumnix_dash.errors import UserError
from llumnix_dash.report.progress import Progress

if TYPE_CHECKING:
    from llumnix_dash.grafana.connect import Grafana
    from llumnix_dash.grafana.plan import Plan
    from llumnix_dash.grafana.pushset import Wanted
    from llumnix_dash.settings.site import Site


@dataclass(frozen=True)
class Planning:
    """What a command is to plan, as it was asked for; the attributes are the options."""

    inputs: tuple[str, ...]
    datasource: tuple[str, ...]
    folder: str | None
    folder_uid: str | None
    mirror: bool | None
    set_name: str
    jobs: int
    site: "Site | None"

    def load(self, context: click.Context, *, whole: bool = False) -> "list[Wanted]":
        """The dashboards; see :func:`llumnix_dash.cli.grafana_options.load_set`.

        Raises:
            UserError: as there; or the options contradict one another, or do not say what folders within a folder are
                to become.
        """
        from llumnix_dash.grafana import pushset

        if self.mirror and self.folder_uid is not None:
            raise UserError("--mirror needs the folder by its path", hint='--folder "A / B" --mirror')
        if self.folder is not None and self.folder_uid is not None:
            raise UserError("--folder and --folder-uid contradict one another", hint="give one of them")
        wanted = load_set(context, self.inputs, self.site, whole=whole)
        if self.mirror is None:
            pushset.refuse_subfolders(wanted)
        return wanted

    def plan(self, grafana: "Grafana", wanted: "Sequence[Wanted]", *, prune: bool = False) -> "Plan":
        """The plan for these dashboards, with their data sources resolved; tells its progress on a terminal."""
        from llumnix_dash.grafana import datasources, plan

        sources = datasources.choose(grafana.transport, self.datasource, wanted)
        resolved = [datasources.resolved(item, sources) for item in wanted]
        datasources.refuse_missing(grafana.transport, resolved, wanted)
        progress = Progress("reading", len(resolved))
        try:
            targets = plan.Targets(grafana, folder=self.folder, folder_uid=self.folder_uid, mirror=bool(self.mirror))
            return plan.make_plan(
                grafana,
                resolved,
                targets,
                set_name=self.set_name,
                prune=prune,
                jobs=self.jobs,
                progress=progress.step,
            )
        except KeyboardInterrupt:
            click.echo("\nnothing was written", err=True)
            raise
        finally:
            progress.clear()


def plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the inputs, the options of :class:`Planning`, --format and those of the servers.

    The command gets ``planning``, ``output`` and ``servers``.
    """

    @functools.wraps(command)
    def with_planning(**options: Any) -> Any:
        planning = Planning(**{name: options.pop(name) for name in Planning.__dataclass_fields__})
        return command(planning=planning, **options)

    decorated = servers_options(with_planning)
    for add in (settings_option, format_option, jobs_option, _set_option, _folder_options, _datasource_option):
        decorated = add(decorated)
    return click.argument("inputs", nargs=-1, metavar="[NAME|PATH]...")(decorated)


def _set_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --set."""
    return click.option(
        "--set",
        "set_name",
        metavar="NAME",
        default="llumnix",
        show_default=True,
        callback=_set_name,
        help="The set that these dashboards make up. --prune deletes within it only.",
    )(command)


def _set_name(_: click.Context, __: click.Parameter, value: str) -> str:
    from llumnix_dash.grafana.marker import SET_NAME

    if not SET_NAME.fullmatch(value):
        raise UserError(
            f"--set {value!r} is no name for a set", hint="use at most 30 letters, digits, dots, hyphens or underscores"
        )
    return value


def _datasource_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --datasource."""
    return click.option(
        "--datasource",
        multiple=True,
        metavar="NAME_OR_UID",
        help="The Prometheus for dashboards with __inputs or a fixed data source; INPUT=UID for one input of any type.",
    )(command)


def _folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --folder, --folder-uid and --mirror or --flat."""
    by_uid = click.option("--folder-uid", metavar="UID", help="The folder by its uid; general is the root.")
    text = r"The folder by its path; made if missing. A slash within a title is written \/."
    mirror = click.option(
        "--mirror/--flat",
        default=None,
        help="Where files lie in folders of a folder: make these in Grafana, too, below --folder or Llumnix; or put "
        "all into one folder.",
    )
    return click.option("--folder", metavar='"A / B"', help=text)(by_uid(mirror(command)))
