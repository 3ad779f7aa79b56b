"""Changes the queries of the dashboards in one place each, and tells which changes no test of ``tests/proof`` notices.

Each test of the proof that looks at a panel of a simulated fleet, in a Prometheus, is asked again with one query of
that panel changed. A change that all of them let pass (a survivor) shows a part of a query that nothing holds to the
truth, or one that makes no difference on any of these fleets. Run it in the checkout:

    make mutants
    python scripts/mutate_queries.py --board cms --sample 20 --seed 2 default overload
"""

import argparse
import functools
import inspect
import io
import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

# The tests are no part of the package: they are found where the script is run.
sys.path.insert(0, str(Path.cwd()))

from llumnix_dash.errors import QueryError
from llumnix_dash.prometheus.client import Client, Series
from llumnix_dash.verify import session
from llumnix_dash.verify.page import PagePanel, StoreQuery
from tests.prometheus.stores import prometheus
from tests.proof.fleets import OTHERS, past, write_samples
from tests.proof.shown import BOARDS, Backfilled

SCENARIOS = (
    *("default", "overload", "prefill-decode", "two-clusters", "lite-reporting", "outage", "slow-failures"),
    *("two-schedulers", "overload-two-schedulers", "kvt-batch", "two-clusters-lite-mode", "decode-short", "idle"),
    *("no-instance", "lite-mode-two-schedulers", "scheduler-down", "both-short", "neutral-short", "adaptive-pd"),
    *("migration", "fresh", "store-away", "prefill-short", "kvt-staged", "external-route", "restart", "hang"),
    *("lite-mode-two-clusters", *OTHERS),
)
NUMBER = r"[-+]?\d[\d.e+-]*"
AGGREGATED = {"sum": "max", "max": "sum", "min": "max", "avg": "max", "count": "sum"}
OVER_TIME = {"max": "min", "min": "max", "avg": "max", "last": "min", "count": "max", "sum": "max"}
QUANTILES = {"0.5": "0.9", "0.9": "0.5", "0.95": "0.5", "0.99": "0.5", "0.75": "0.25", "0.1": "0.5", "0.25": "0.75"}
OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*"}


class Mutation(NamedTuple):
    """One change of a query: its kind, and the text from ``start`` to ``end`` that becomes ``new``."""

    kind: str
    start: int
    end: int
    new: str

    def apply(self, expr: str) -> str:
        """The query with the change."""
        return expr[: self.start] + self.new + expr[self.end :]

    def within(self, expr: str) -> str:
        """The change, and what stands around it."""
        before, after = expr[max(0, self.start - 60) : self.start], expr[self.end : self.end + 50]
        return f"{self.kind}: …{before}⟦{expr[self.start : self.end]} → {self.new}⟧{after}…"


def mutations(expr: str) -> list[Mutation]:
    """Every change of a query that is tried, in its order."""
    # Of the same length, so that places in one are places in the other; what strings say is no PromQL.
    text = re.sub(r'"(?:\\.|[^"\\])*"', lambda string: '"' + "_" * (len(string[0]) - 2) + '"', expr)
    return sorted(
        (one for changes in (_labels, _matchers, _windows, _words, _operators, _clamps) for one in changes(text)),
        key=lambda one: (one.start, one.end),
    )


def _labels(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\b(by|on|ignoring|group_left|group_right) \(([^()]+)\)", text):
        yield from _without_each("label", found[2], found.start(2))


def _matchers(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\{([^{}]+)\}", text):
        yield from _without_each("matcher", found[1], found.start(1))


def _without_each(kind: str, items: str, start: int) -> Iterator[Mutation]:
    for found in re.finditer(r"[^,]+(, ?|$)", items):
        yield Mutation(kind, start + found.start(), start + found.end(), "")


def _windows(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\[(\d+)(ms|s|m|h|d)\]", text):
        new = "1m" if found[0] == "[5m]" else f"{int(found[1]) * 2}{found[2]}"
        yield Mutation("window", found.start(), found.end(), f"[{new}]")
    for found in re.finditer(r" offset \w+", text):
        yield Mutation("offset", found.start(), found.end(), "")


def _words(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\b(sum|max|min|avg|count)(?=\(| by | without )", text):
        yield Mutation("aggregation", found.start(), found.end(), AGGREGATED[found[0]])
    for found in re.finditer(r"\b(sum|max|min|avg|count|last)(?=_over_time\()", text):
        yield Mutation("over time", found.start(), found.end(), OVER_TIME[found[0]])
    for found in re.finditer(r"\bquantile\((0\.\d+)", text):
        yield Mutation("quantile", found.start(1), found.end(1), QUANTILES.get(found[1], "0.5"))


def _operators(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"(?<= )[-+*/](?= )", text):
        yield Mutation("operator", found.start(), found.end(), OPERATORS[found[0]])
    for found in re.finditer(rf" (==|!=|>=|<=|>|<) (bool )?({NUMBER}(?=[\s)]|$))?", text):
        if found[3]:
            yield Mutation("comparison", found.start(), found.end(), "")
        else:
            yield Mutation("comparison", found.start(1), found.end(1), "<" if ">" in found[1] else ">")


def _clamps(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\bclamp(?:_min|_max)?\(", text):
        depth, comma = 1, 0
        for place in range(found.end(), len(text)):
            depth += (text[place] in "({[") - (text[place] in ")}]")
            if depth == 1 and text[place] == "," and not comma:
                comma = place
            if not depth:
                # As long as it is, so it is one change: the name goes, and the bounds.
                yield Mutation("clamp", found.start(), place + 1, f"({text[found.end() : comma]})")
                break


class Query(NamedTuple):
    """A query of a panel."""

    board: str
    panel: int
    ref_id: str


@dataclass(frozen=True)
class Mutant:
    """The change of a query that is the ``number``-th, however its variables are chosen."""

    query: Query
    number: int
    kind: str
    text: str


@dataclass(frozen=True, eq=False)
class Changed(Backfilled):
    """A store whose panels ask what they ask, but for one query; it notes what it was asked."""

    mutant: Mutant | None = None
    asked: set[Query] = field(default_factory=set)
    texts: dict[Query, str] = field(default_factory=dict)

    def plans(
        self, board: str, variables: Mapping[str, Sequence[str]] | None = None, **look: Any
    ) -> dict[int, PagePanel]:
        """As that of the store, with the change."""
        return _Noted(self, board, super().plans(board, variables, **look))

    def change(self, query: StoreQuery) -> StoreQuery:
        """The query with the change, if it still is in place."""
        assert self.mutant is not None
        every = mutations(query.expr)
        if self.mutant.number >= len(every):
            return query
        return replace(query, expr=_apply(every[self.mutant.number], query.expr))


def _apply(mutation: Mutation, expr: str) -> str:
    if mutation.kind != "clamp":
        return mutation.apply(expr)
    # Its strings were blanked: the same length of the real text.
    start = expr.index("(", mutation.start) + 1
    return expr[: mutation.start] + f"({expr[start : start + len(mutation.new) - 2]})" + expr[mutation.end :]


class _Noted(dict[int, PagePanel]):
    def __init__(self, store: Changed, board: str, plans: Mapping[int, PagePanel]) -> None:
        super().__init__(plans)
        self._store, self._board = store, board

    def __getitem__(self, panel: int) -> PagePanel:
        plan = super().__getitem__(panel)
        queries = []
        for one in plan.queries:
            query = Query(self._board, panel, one.ref_id)
            self._store.asked.add(query)
            self._store.texts.setdefault(query, one.expr)
            mutant = self._store.mutant
            queries.append(self._store.change(one) if mutant and mutant.query == query else one)
        return replace(plan, queries=tuple(queries))


@dataclass(frozen=True)
class Test:
    """A test of the proof that looks at a store alone."""

    scenario: str
    run: Callable[..., None]
    values: Mapping[str, Any]

    def passes(self, store: Changed) -> bool:
        """Whether the store shows what it should. A query with an error shows nothing."""
        try:
            self.run(store=store, **self.values)
        except QueryError as error:
            if "parse error" in str(error):
                raise
            return False
        # Assertions, and what tests stumble over before they assert.
        except Exception:
            return False
        return True


class _Collector:
    def __init__(self) -> None:
        self.tests: list[Test] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            values = dict(getattr(getattr(item, "callspec", None), "params", {}))
            if not isinstance(item, pytest.Function) or values.pop("program", "") != "prometheus":
                continue
            wanted = set(inspect.signature(item.obj).parameters)
            if "store" in wanted <= {"store", *values}:
                self.tests.append(Test(values["scenario"], item.obj, {one: values[one] for one in wanted - {"store"}}))


def collected() -> list[Test]:
    """The tests of the proof, their truths remembered: they never change, and a mutant's are those of the next."""
    collector = _Collector()
    with redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["-q", "--collect-only", "-n", "0", "tests/proof"], plugins=[collector])
    if code:
        sys.exit(said.getvalue())
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.proof.test_"):
            for word, value in list(vars(module).items()):
                if isinstance(value, dict) and word.isupper():
                    _remember(value)
                if word.startswith("truth_"):
                    _remember({one: own for one, own in vars(value).items() if one.isupper() and isinstance(own, dict)})
    return collector.tests


def _remember(truths: dict[Any, Any]) -> None:
    for key, value in truths.items():
        if isinstance(value, dict):
            _remember(value)
        elif inspect.isfunction(value) and len(inspect.signature(value).parameters) == 1:
            truths[key] = functools.cache(value)


@contextmanager
def answers_kept() -> Iterator[None]:
    """Each query is asked once of a store."""
    kept: dict[tuple[int, StoreQuery], list[Series]] = {}
    ask = session.ask

    def once(client: Client, query: StoreQuery) -> list[Series]:
        if (id(client), query) not in kept:
            kept[id(client), query] = ask(client, query)
        return kept[id(client), query]

    with patch.object(session, "ask", once):
        yield


# A test that looks at more panels than these asks all of them something, and none for its truth.
MOST_PANELS = 4


class Hunt:
    """Mutants, and what became of them: of the panels that a test holds to something of their own.

    Args:
        boards: whose queries to change.
        sample: how many changes of a query at most.
        seed: draws them.
    """

    def __init__(self, boards: Sequence[str], sample: int, seed: int) -> None:
        self._boards, self._sample, self._seed = boards, sample, seed
        self._known: set[Query] = set()
        self._invalid: set[Mutant] = set()
        self.alive: set[Mutant] = set()
        self.killed: set[Mutant] = set()

    def on(self, store: Backfilled, tests: Sequence[Test]) -> None:
        """Changes what the tests look at in this store."""
        looks: dict[Query, list[Test]] = defaultdict(list)
        for test in tests:
            original = Changed(store.program, store.url, store.past, store._kept)
            if test.passes(original):
                for query in original.asked:
                    looks[query].append(test)
                    own = len({(one.board, one.panel) for one in original.asked}) <= MOST_PANELS
                    if own and query not in self._known and query.board in self._boards:
                        self._known.add(query)
                        self.alive |= set(self._mutants(query, original.texts[query]))
            else:
                print(f"{test.run.__name__} {dict(test.values)} fails as it is: left out", flush=True)
        for mutant in sorted(self.alive, key=lambda one: (one.query, one.number)):
            changed = replace(Changed(store.program, store.url, store.past, store._kept), mutant=mutant)
            try:
                dead = not all(test.passes(changed) for test in looks.get(mutant.query, []))
            except QueryError:
                self._invalid.add(mutant)
                self.alive.discard(mutant)
                continue
            if dead:
                self.alive.discard(mutant)
                self.killed.add(mutant)

    def _mutants(self, query: Query, expr: str) -> list[Mutant]:
        every = [
            Mutant(query, number, one.kind, one.within(expr))
            for number, one in enumerate(mutations(expr))
            if _apply(one, expr) != expr
        ]
        return random.Random(f"{self._seed} {query}").sample(every, min(self._sample, len(every)))

    def report(self, *, survivors: bool) -> None:
        """Prints the score by dashboard and by kind, and the survivors."""
        if survivors:
            for one in sorted(self.alive, key=lambda one: (one.query, one.number)):
                title = BOARDS[one.query.board].panels[one.query.panel]["title"]
                print(f"{one.query.board} · {title} · {one.query.ref_id} · {one.text}")
        for name, of in (("dashboard", lambda one: one.query.board), ("kind", lambda one: one.kind)):
            killed, alive = Counter(map(of, self.killed)), Counter(map(of, self.alive))
            for what in sorted({*killed, *alive}):
                every = killed[what] + alive[what]
                print(f"{name} {what}: {killed[what]} of {every} killed, {killed[what] / every:.0%}")
        unheld = Counter(
            query.board
            for board in self._boards
            for panel in BOARDS[board].panels.values()
            for query in [Query(board, panel["id"], one["refId"]) for one in panel.get("targets", [])]
            if query not in self._known
        )
        print("queries that no test here holds, so not changed:", dict(unheld))
        every = len(self.killed) + len(self.alive)
        print(f"all: {len(self.killed)} of {every} killed, {len(self.killed) / max(1, every):.1%}", flush=True)


def main() -> None:
    """Reads the arguments and hunts on one fleet after another."""
    parser = argparse.ArgumentParser(description="Which small changes of a dashboard's query does no proof notice?")
    parser.add_argument("scenarios", nargs="*", default=SCENARIOS, help=f"the fleets: {', '.join(SCENARIOS)}")
    parser.add_argument("--board", action="append", choices=sorted(BOARDS), help="only this dashboard's queries")
    parser.add_argument("--sample", type=int, default=6, help="how many changes of a query at most (6)")
    parser.add_argument("--seed", type=int, default=1, help="draws others (1)")
    asked = parser.parse_args()
    tests = collected()
    hunt = Hunt(asked.board or sorted(BOARDS), asked.sample, asked.seed)
    with answers_kept(), tempfile.TemporaryDirectory() as place:
        for scenario in asked.scenarios:
            folder = Path(place) / scenario
            folder.mkdir()
            with ExitStack() as stack:
                url = stack.enter_context(prometheus(write_samples(scenario, folder / "samples.om"), folder))
                hunt.on(
                    Backfilled("prometheus", url, past(scenario)),
                    [test for test in tests if test.scenario == scenario],
                )
            print(f"{scenario}: {len(hunt.killed)} killed so far, {len(hunt.alive)} alive", flush=True)
    hunt.report(survivors=True)


if __name__ == "__main__":
    main()
