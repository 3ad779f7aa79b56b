"""The dashboards that a command line names: any number of them, of which one is in memory at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from llumnix_dash.document.datasource import Asked
from llumnix_dash.document.documents import Reading
from llumnix_dash.document.sources import Source, generated, one_by_one
from llumnix_dash.errors import UserError
from llumnix_dash.verify.dashboard import QueriedDashboard, parse


@dataclass(frozen=True)
class Survey:
    """What a first look at all files tells, before anything is asked.

    Attributes:
        count: how many dashboards can be read.
        variables: the names of all their variables.
        problems: what should be a dashboard and cannot be read.
        note: what was left out.
    """

    count: int
    variables: frozenset[str]
    problems: tuple[UserError, ...]
    note: str


class Collection:
    """Dashboards that are read whenever somebody goes through them.

    Args:
        paths: files, folders or git revisions.
        asked: of data sources, whether they are asked as a Prometheus.
        own: gives our own dashboards, which are taken where there is no path.
    """

    def __init__(self, paths: Sequence[str], asked: Asked, own: Callable[[], Source] = generated) -> None:
        self._paths = paths
        self._asked = asked
        self._make = own

    def __iter__(self) -> Iterator[QueriedDashboard]:
        return (one for one in self._dashboards(self._readings()) if isinstance(one, QueriedDashboard))

    def survey(self) -> Survey:
        """What there is.

        Raises:
            UserError: a path does not exist, or has no dashboard at all.
        """
        count, variables, rest, problems = 0, set[str](), Reading(), list[UserError]()
        for reading in self._readings():
            rest.add_notes(reading)
            problems += reading.problems.values()
            for one in self._dashboards([reading]):
                if isinstance(one, UserError):
                    problems.append(one)
                else:
                    count += 1
                    variables.update(one.variable_names)
        return Survey(count, frozenset(variables), tuple(problems), rest.note())

    def _readings(self) -> Iterable[Reading]:
        return one_by_one(self._paths) if self._paths else [self._own]

    @cached_property
    def _own(self) -> Reading:
        return self._make().reading

    def _dashboards(self, readings: Iterable[Reading]) -> Iterator[QueriedDashboard | UserError]:
        for reading in readings:
            for document in reading.documents:
                try:
                    yield parse(document.dashboard, document.label, self._asked)
                except UserError as error:
                    yield error
