"""A recorded series: a query whose answer the ruler keeps under a name, so that nobody need ask it anew."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from llumnix_dash.errors import UserError
from llumnix_dash.promql import Query, Scope

_NAME = re.compile(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+")


class RecordError(UserError):
    """A recorded series that nobody could find by its name."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A query that is asked by the ruler, at each of its intervals.

    Attributes:
        name: ``level:metric:operations``: the labels that it keeps, what it is about, and what was done to it, as
            Prometheus's rules of naming have it (https://prometheus.io/docs/practices/rules/).
        query: what is recorded.
        labels: those that every one of its series bears, too, such as an objective's name.

    Raises:
        RecordError: the name has no such form.
    """

    name: str
    query: Query
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise RecordError(f"record {self.name}: its name is not level:metric:operations")

    def expression(self, scope: Scope = ()) -> str:
        """The PromQL that is recorded."""
        return self.query.text(scope)
