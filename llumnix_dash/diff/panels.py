"""The panels and rows of a dashboard, and which of the old ones are which of the new ones."""

from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from llumnix_dash.diff import essence
from llumnix_dash.diff.defaults import TARGET_NOISE
from llumnix_dash.diff.pairing import Pairing
from llumnix_dash.diff.queries import metrics, words
from llumnix_dash.diff.vocabulary import plain
from llumnix_dash.document.values import Json, Object, equal, objects, string, text_of
from llumnix_dash.document.walk import walk

_SAME_ID_LEAST = 0.5
_OTHER_ID_LEAST = 0.65
_LIKE_TITLES = 0.8
# Of a query these say where and how it is asked, and not what.
_NOT_ASKED = TARGET_NOISE | {"refId", "datasource", "hide", "id", "legendFormat", "alias", "label", "format", "panelId"}
_QUERY_KEYS = ("expr", "query", "rawSql", "rawQuery", "queryText", "target")


class Placed:
    """A panel or a row where it stands.

    Attributes:
        panel: its JSON object.
        row: the row that it belongs to; None above the first row, and for a row itself.
        rank: its place in reading order among the panels, or among the rows, of the dashboard.
        members: of a row, the panels that belong to it.
    """

    def __init__(self, panel: Object) -> None:
        self.panel = panel
        self.row: Placed | None = None
        self.rank = 0
        self.members: list[Placed] = []

    @property
    def title(self) -> str:
        """The title, empty if there is none."""
        return string(self.panel.get("title"))

    @property
    def kind(self) -> str:
        """The panel type, such as ``timeseries``."""
        return string(self.panel.get("type"))

    @property
    def id(self) -> Json:
        """The id in its JSON; any value, in a foreign dashboard."""
        return self.panel.get("id")

    @property
    def row_title(self) -> str:
        """The title of the row that it belongs to."""
        return self.row.title if self.row else ""

    @cached_property
    def place(self) -> tuple[Json, Json, Json, Json]:
        """Its x, y, width and height in grid units, as its JSON has them."""
        grid = self.panel.get("gridPos")
        if not isinstance(grid, dict):
            return (grid, None, None, None)
        return (grid.get("x"), grid.get("y"), grid.get("w"), grid.get("h"))

    @cached_property
    def text(self) -> str:
        """Its JSON without its id: the quick way to find that nothing at all has changed."""
        return text_of({key: value for key, value in self.panel.items() if key != "id"})

    @cached_property
    def form(self) -> Object:
        """What it says."""
        return essence.panel(self.panel)

    @cached_property
    def digest(self) -> str:
        """Equal for panels that say the same, wherever they stand and whatever their id."""
        return text_of(self.form)

    @cached_property
    def queries(self) -> tuple[str, ...]:
        """What its queries ask, each as a text."""
        targets = objects(self.panel.get("targets")) or ()
        return tuple(text for target in targets if (text := asked(target)))

    @cached_property
    def metrics(self) -> frozenset[str]:
        """The metrics that its queries likely read."""
        return frozenset[str]().union(*map(metrics, self.queries))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its queries, or of what it shows where it has none."""
        texts = self.queries or (text_of(self.panel.get("options")), self.title)
        return frozenset[str]().union(*map(words, texts))


def query_text(target: Object) -> str:
    """The text of a query, of whatever data source; empty if it has none."""
    return next((target[key] for key in _QUERY_KEYS if isinstance(target.get(key), str) and target[key]), "")


def asked(target: Object) -> str:
    """What a query asks: its text, or where its data source has no text, such as CloudWatch, its fields."""
    if text := query_text(target):
        return text
    fields = {key: value for key, value in target.items() if key not in _NOT_ASKED and value not in ("", None, [], {})}
    return ", ".join(
        f"{plain(key)}: {value if isinstance(value, str) else text_of(value)}" for key, value in sorted(fields.items())
    )


def flatten(dashboard: Object) -> tuple[list[Placed], list[Placed]]:
    """The panels and the rows of a dashboard, each in reading order, the members of collapsed rows among them."""
    panels: list[Placed] = []
    rows: list[Placed] = []
    row: Placed | None = None
    for place in walk(dashboard):
        placed = Placed(place.panel)
        if place.is_row:
            row = placed
            row.rank = len(rows)
            rows.append(row)
            continue
        placed.row, placed.rank = row, len(panels)
        panels.append(placed)
        if row:
            row.members.append(placed)
    return panels, rows


def match_panels(old: Sequence[Placed], new: Sequence[Placed]) -> Pairing[Placed]:
    """Which old panel is which new one: by id, else by title and type, else by likeness of their queries.

    An id counts only where it is plausible, and comes first only where ids hold at all: if panels that are otherwise
    identical have other ids, the dashboard was renumbered.
    """
    pairing = Pairing(old, new)
    unique = _unique_ids(old) & _unique_ids(new)

    def by_id(panel: Placed) -> Hashable:
        return key if (key := _id_key(panel)) in unique else None

    pairing.by_key(lambda panel: (text_of(panel.id), panel.text))
    if not (pairing.old and pairing.new):
        return pairing
    pairing.by_key(lambda panel: (panel.text, panel.row_title))
    pairing.by_key(lambda panel: (panel.digest, text_of(panel.place), panel.row_title))
    if _ids_hold(pairing):
        pairing.by_key(by_id, plausible)
    pairing.by_key(lambda panel: panel.digest)
    for key in (_by_queries, _by_metrics, _by_row, _by_title):
        pairing.by_key(key)
    pairing.by_key(by_id, plausible)
    pairing.by_likeness(likeness, _OTHER_ID_LEAST, lambda panel: panel.digest)
    return pairing


def _by_queries(panel: Placed) -> Hashable:
    return (panel.title, panel.kind, panel.queries) if panel.title else None


def _by_metrics(panel: Placed) -> Hashable:
    return (panel.title, panel.kind, panel.metrics) if panel.title and panel.metrics else None


def _by_row(panel: Placed) -> Hashable:
    return (panel.title, panel.kind, panel.row_title) if panel.title else None


def _by_title(panel: Placed) -> Hashable:
    return (panel.title, panel.kind) if panel.title else None


def plausible(old: Placed, new: Placed) -> bool:
    """Whether two panels of the same id can be the same panel at all."""
    if bool(old.title) and old.title == new.title:
        return True
    if old.kind == new.kind and (equal(old.place, new.place) or _like_titles(old.title, new.title)):
        return True
    return likeness(old, new) >= _SAME_ID_LEAST


def _like_titles(old: str, new: str) -> bool:
    """Whether two titles differ in a letter or a word; the same for either order of the two."""
    one, other = sorted((old, new))
    return bool(one) and SequenceMatcher(None, one, other, autojunk=False).ratio() >= _LIKE_TITLES


def likeness(old: Placed, new: Placed) -> float:
    """How alike the queries of two panels are, 0 to 1; of panels without a query, how alike what they show is."""
    if bool(old.queries) != bool(new.queries) or (not old.queries and old.kind != new.kind):
        return 0.0
    if (old.metrics or new.metrics) and not old.metrics & new.metrics:
        return 0.0
    return _share(old.words, new.words)


def _share(old: frozenset[str], new: frozenset[str]) -> float:
    return 2 * len(old & new) / (len(old) + len(new)) if old or new else 1.0


def _id_key(panel: Placed) -> Hashable:
    return (type(panel.id).__name__, panel.id) if isinstance(panel.id, int | str | float) else None


def _unique_ids(panels: Sequence[Placed]) -> set[Hashable]:
    counts = Counter(_id_key(panel) for panel in panels)
    return {key for key, count in counts.items() if count == 1 and key is not None}


def _ids_hold(pairing: Pairing[Placed]) -> bool:
    """Whether panels that are the same beyond doubt mostly kept their ids."""
    certain = [(old.id, new.id) for old, new in pairing.pairs]
    old_ids, new_ids = (
        {digest: ids[0] for digest, ids in _ids_by_digest(side).items() if len(ids) == 1}
        for side in (pairing.old, pairing.new)
    )
    certain += [(old_ids[digest], new_ids[digest]) for digest in old_ids.keys() & new_ids.keys()]
    kept = [old == new for old, new in certain].count(True)
    return kept >= len(certain) - kept


def _ids_by_digest(panels: Sequence[Placed]) -> dict[str, list[Json]]:
    ids: dict[str, list[Json]] = {}
    for panel in panels:
        ids.setdefault(panel.digest, []).append(panel.id)
    return ids


def match_rows(
    old: Sequence[Placed], new: Sequence[Placed], panel_pairs: Sequence[tuple[Placed, Placed]]
) -> Pairing[Placed]:
    """Which old row is which new one: by title, else by id, else by the panels that both hold."""
    pairing = Pairing(old, new)
    titles = [Counter(row.title for row in side) for side in (old, new)]
    once = {title for title, count in titles[0].items() if count == 1 == titles[1][title] and title}
    pairing.by_key(lambda row: row.title if row.title in once else None)
    if not (pairing.old and pairing.new):
        return pairing
    counterpart = {id(before): id(after) for before, after in panel_pairs}

    def overlap(before: Placed, after: Placed) -> float:
        most = max(len(before.members), len(after.members))
        after_members = {id(member) for member in after.members}
        return sum(counterpart.get(id(member)) in after_members for member in before.members) / most if most else 1.0

    def same_title_and_members(before: Placed, after: Placed) -> float:
        # Two empty rows have nothing in common.
        return overlap(before, after) if before.title == after.title and before.members else 0.0

    pairing.by_likeness(same_title_and_members, 0.5, lambda row: row.digest)
    pairing.by_key(
        lambda row: (row.title, text_of(row.place)),
        lambda before, after: bool(before.title) or overlap(before, after) >= 0.5,
    )
    pairing.by_key(lambda row: row.title or None)
    pairing.by_key(_id_key, lambda before, after: overlap(before, after) >= 0.5)
    pairing.by_likeness(overlap, 0.5, lambda row: row.digest)
    return pairing
