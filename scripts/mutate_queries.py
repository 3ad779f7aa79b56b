"""Changes the queries of the dashboards in one place each, and tells which changes no test of ``tests/proof`` notices.

Each test of the proof that looks at a panel of a simulated fleet, or of a store made by hand, in a Prometheus, is asked
again with one query of that panel changed. A change that all of them let pass (a survivor) shows a part of a query that
nothing holds to the truth. Changes that no store can tell stand in ``equivalent_mutants.yaml``, with the reason; they
are tried and told, and count neither way. Run it in the checkout:

    make mutants
    python scripts/mutate_queries.py --board cms --sample 20 --seed 2 default overload
"""

import argparse
import copy
import functools
import inspect
import io
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

# The tests are no part of the package: they are found where the script is run.
sys.path.insert(0, str(Path.cwd()))

from query_mutations import equivalent, mutations

from llumnix_dash.errors import QueryError
from llumnix_dash.prometheus.client import Client, Series
from llumnix_dash.verify import session
from llumnix_dash.verify.page import PagePanel, StoreQuery
from tests.prometheus.stores import prometheus
from tests.proof.fleets import OTHERS, past, write_samples
from tests.proof.hand_made import World
from tests.proof.shown import BOARDS, Backfilled

SCENARIOS = (
    # Modules with a store made by hand, which cost least.
    "tests.proof.test_hand_made",
    "tests.proof.test_hand_made_instances",
    "tests.proof.test_hand_made_requests",
    "tests.proof.test_hand_made_engines",
    "tests.proof.test_hand_made_overview",
    "tests.proof.test_hand_made_scenes",
    *("default", "overload", "prefill-decode", "two-clusters", "lite-reporting", "outage", "slow-failures"),
    *("two-schedulers", "overload-two-schedulers", "kvt-batch", "two-clusters-lite-mode", "decode-short", "idle"),
    *("no-instance", "lite-mode-two-schedulers", "scheduler-down", "both-short", "neutral-short", "adaptive-pd"),
    *("migration", "fresh", "store-away", "prefill-short", "kvt-staged", "external-route", "restart", "hang"),
    *("lite-mode-two-clusters", *OTHERS),
)


class Query(NamedTuple):
    """A query of a panel."""

    board: str
    panel: int
    ref_id: str


@dataclass(frozen=True)
class Mutant:
    """The change of a query that is the ``number``-th, however its variables are chosen.

    Attributes:
        text: the change, and what stands around it.
        whole: the dashboard's name, the kind and the whole query, as ``cms label: sum by (⟦a, → ⟧b) (c)``.
    """

    query: Query
    number: int
    kind: str
    text: str
    whole: str

    @property
    def because(self) -> str:
        """Why no store can tell the change; empty where one can."""
        return equivalent(self.whole)


Store = Backfilled | World


@dataclass
class Watch:
    """What tests ask a store, with one query changed."""

    mutant: Mutant | None = None
    asked: set[Query] = field(default_factory=set)
    texts: dict[Query, str] = field(default_factory=dict)

    def over(self, store: Store) -> Store:
        """The store, whose panels ask what they ask but for that query."""
        watched = copy.copy(store)
        vars(watched)["plans"] = lambda board, *of, **look: _Noted(self, board, store.plans(board, *of, **look))
        return watched

    def change(self, query: StoreQuery) -> StoreQuery:
        """The query with the change, if it still is in place."""
        assert self.mutant is not None
        every = mutations(query.expr)
        if self.mutant.number >= len(every):
            return query
        return replace(query, expr=every[self.mutant.number].apply(query.expr))


class _Noted(dict[int, PagePanel]):
    def __init__(self, watch: Watch, board: str, plans: Mapping[int, PagePanel]) -> None:
        super().__init__(plans)
        self._watch, self._board = watch, board

    def __getitem__(self, panel: int) -> PagePanel:
        plan = super().__getitem__(panel)
        queries = []
        for one in plan.queries:
            query = Query(self._board, panel, one.ref_id)
            self._watch.asked.add(query)
            self._watch.texts.setdefault(query, one.expr)
            mutant = self._watch.mutant
            queries.append(self._watch.change(one) if mutant and mutant.query == query else one)
        return replace(plan, queries=tuple(queries))


@dataclass(frozen=True)
class Test:
    """A test of the proof that looks at a store alone: at a fleet's, or at the one made by hand in its module."""

    scenario: str
    run: Callable[..., None]
    fixture: str
    values: Mapping[str, Any]

    def passes(self, store: Store) -> bool:
        """Whether the store shows what it should. A query with an error shows nothing."""
        try:
            self.run(**{self.fixture: store}, **self.values)
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
            if not isinstance(item, pytest.Function):
                continue
            wanted = set(inspect.signature(item.obj).parameters)
            own = wanted - {"store", "world"}
            if not own <= {*values}:
                continue
            if "store" in wanted and values.get("program") == "prometheus":
                fixture, scenario = "store", values["scenario"]
            elif "world" in wanted and values.get("world") == "prometheus":
                fixture, scenario = "world", item.obj.__module__
            else:
                continue
            self.tests.append(Test(scenario, item.obj, fixture, {one: values[one] for one in own}))


@contextmanager
def filled(scenario: str, folder: Path) -> Iterator[Store]:
    """The store of a scenario, or the one made by hand in a module of tests."""
    if made := sys.modules.get(scenario):
        with prometheus(made.samples().write(folder / "samples.om"), folder) as url:
            yield World(url)
    else:
        with prometheus(write_samples(scenario, folder / "samples.om"), folder) as url:
            yield Backfilled("prometheus", url, past(scenario))


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
    # By the client itself, so that it lives on: the id of one that is gone may be the next one's, of another store.
    kept: dict[tuple[Client, StoreQuery], list[Series]] = {}
    ask = session.ask

    def once(client: Client, query: StoreQuery) -> list[Series]:
        if (client, query) not in kept:
            kept[client, query] = ask(client, query)
        return kept[client, query]

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

    def on(self, store: Store, tests: Sequence[Test]) -> None:
        """Changes what the tests look at in this store."""
        looks: dict[Query, list[Test]] = defaultdict(list)
        for test in tests:
            original = Watch()
            if test.passes(original.over(store)):
                for query in original.asked:
                    looks[query].append(test)
                    own = len({(one.board, one.panel) for one in original.asked}) <= MOST_PANELS
                    if own and query not in self._known and query.board in self._boards:
                        self._known.add(query)
                        self.alive |= set(self._mutants(query, original.texts[query]))
            else:
                print(f"{test.run.__name__} {dict(test.values)} fails as it is: left out", flush=True)
        for mutant in _in_order(self.alive):
            changed = Watch(mutant).over(store)
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
            Mutant(query, number, one.kind, one.within(expr), f"{query.board} {one.within(expr, len(expr))}")
            for number, one in enumerate(mutations(expr))
            if one.apply(expr) != expr
        ]
        return random.Random(f"{self._seed} {query}").sample(every, min(self._sample, len(every)))

    def report(self) -> None:
        """Prints the survivors, those that no store can tell with the reason, and the score by dashboard and kind."""
        survivors = {one for one in self.alive if not one.because}
        for one in _in_order(survivors):
            print(f"{_panel(one.query)} · {one.text}")
        for one in _in_order(self.alive - survivors):
            print(f"equivalent, {one.because}: {_panel(one.query)} · {one.text}")
        for one in _in_order(one for one in self.killed if one.because):
            print(f"said to be equivalent, and killed: {_panel(one.query)} · {one.text}")
        for name, of in (("dashboard", lambda one: one.query.board), ("kind", lambda one: one.kind)):
            killed, alive = Counter(map(of, self.killed)), Counter(map(of, survivors))
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
        print("equivalent:", dict(Counter(one.query.board for one in self.alive - survivors)))
        every = len(self.killed) + len(survivors)
        print(f"all: {len(self.killed)} of {every} killed, {len(self.killed) / max(1, every):.1%}", flush=True)


def _in_order(mutants: Iterable[Mutant]) -> list[Mutant]:
    return sorted(mutants, key=lambda one: (one.query, one.number))


def _panel(query: Query) -> str:
    return f"{query.board} · {BOARDS[query.board].panels[query.panel]['title']} · {query.ref_id}"


def main() -> None:
    """Reads the arguments and hunts on one fleet after another."""
    parser = argparse.ArgumentParser(description="Which small changes of a dashboard's query does no proof notice?")
    parser.add_argument(
        "scenarios",
        nargs="*",
        default=SCENARIOS,
        help=f"the fleets, and stores made by hand: {', '.join(SCENARIOS)}",
    )
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
            with filled(scenario, folder) as store:
                hunt.on(store, [test for test in tests if test.scenario == scenario])
            print(f"{scenario}: {len(hunt.killed)} killed so far, {len(hunt.alive)} alive", flush=True)
    hunt.report()


if __name__ == "__main__":
    main()
