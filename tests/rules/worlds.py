"""From an alert's case to promtool's tests of its rule: fleets that stand side by side, and what changes with time."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from llumnix_dash.catalog.labels import MODEL, ROLE
from llumnix_dash.rules import Alert

Json = dict[str, Any]
# Name with labels -> values as promtool writes them, one a minute.
Series = Mapping[str, str]

FLEET = 'cluster="c",namespace="n"'
# They have the cluster or the namespace of the fleet, and all else has the same names.
OTHER_FLEETS = ('cluster="c",namespace="other"', 'cluster="other",namespace="n"')
# Labels that can tell cases of one fleet apart: what stands for a case's own, and for another's.
KIN = {ROLE: ("decode", "prefill"), MODEL: ('model="m"', 'model="x"')}
# The value of which somebody is told, in three digits.
TOLD = {"value": '{{ printf "%.3g" $value }}'}
# Values that stay as they are, or grow by the same each minute, for 100 minutes.
STEADY = re.compile(r"(?P<start>[\d.]+)(?:\+(?P<pace>[\d.]+))?x100")
PHASE = 101
# The last minute of a world that is longer than a day.
LONG = 1600
# Of gauges these are added up over processes; counters are always.
ADDED = ("gateway_current_requests", "vllm:num_requests_running")


class Quiet(NamedTuple):
    """Series on which the alert is silent: why, and the series that are other than where it fires."""

    why: str
    series: Series


class Told(NamedTuple):
    """Series on which it is told of another value, or at other times.

    Attributes:
        why: what is the matter there.
        series: those that are other than where it fires.
        values: minute -> the value, ``None`` where it is silent.
        labels: of the alert, where they are others.
    """

    why: str
    series: Series
    values: Mapping[int, str | None]
    labels: str | None = None


@dataclass(frozen=True)
class Case:
    """An alert's case.

    Attributes:
        series: on which it fires.
        since: from which minute on the condition holds.
        value: of which is told.
        quiet: where it is silent; the first is what the fleet usually looks like.
        labels: of the alert, beside cluster and namespace.
        begins: so many minutes after the usual has become the firing case it fires.
        ends: so many minutes after the usual is back it last fires.
        stands: so many minutes after all has come to a stand it last fires; ``None`` where it goes on for ever.
        told: where it fires otherwise.
        alone: whether a process has all of its series: those of a twin are other cases.
        settled: by this minute windows are full of what is there from the start.
    """

    series: Series
    since: int
    value: str
    quiet: tuple[Quiet, ...]
    labels: str = ""
    begins: int | None = None
    ends: int | None = None
    stands: int | None = None
    told: tuple[Told, ...] = field(default=())
    alone: bool = False
    settled: int = 15


def unit_tests(alert: Alert, case: Case) -> list[Json]:
    """It pends just before its duration is over and fires when it is, with its labels and value; else it is silent.

    Beside the fleet stand others, which have its cluster or its namespace, or another role, and strangers with its
    metrics' names: these are silent where it fires, and fire where it is silent.
    """
    end = case.since + alert.seconds // 60
    settled = max(end, case.settled)
    usual = case.quiet[0].series
    tests = []
    for one in case.quiet:
        silent = {**case.series, **one.series}
        before = [_state(alert, case.since - 1, [])] if case.since else []
        pends = _state(alert, end - 1, [_labels(alert, case)])
        tests.append(
            _test(
                f"it fires where others do not: {one.why}",
                [
                    _spread(case, case.series),
                    *_beside(alert, case, case.series, silent).values(),
                    _of_strangers(silent),
                ],
                [*before, pends, _state(alert, end, [_labels(alert, case)], "firing")],
                [_fires(alert, settled, {_labels(alert, case): case.value})],
            )
        )
        beside = _beside(alert, case, silent, case.series)
        told = dict.fromkeys(beside, case.value)
        tests.append(
            _test(
                f"others fire where it does not: {one.why}",
                [_spread(case, silent), *beside.values(), _of_strangers(case.series)],
                [],
                [_fires(alert, minute, told) for minute in ((settled, 60) if case.begins is not None else (settled,))],
            )
        )
        never = [_fires(alert, minute, {}) for minute in range(10, 61, 10)]
        tests.append(_test(f"it never fires: {one.why}", [_spread(case, silent)], [], never))
    for world in case.told:
        own = {**case.series, **world.series}
        silent = {**case.series, **usual}
        labels = _labels(alert, case, world.labels)
        fires = [
            _fires(alert, minute, {} if value is None else {labels: value}) for minute, value in world.values.items()
        ]
        around = [*_beside(alert, case, own, silent).values(), _of_strangers(silent)]
        tests.append(_test(world.why, [_spread(case, own), *around], [], fires))
    return [*tests, *_in_time(alert, case)]


def files_of(rule: Json, tests: list[Json]) -> dict[str, Json]:
    """The files for ``promtool test rules``: the rule, telling its value alone, and its tests.

    Those of a day and longer are looked at less often, which takes a tenth of the time.
    """
    long = [test for test in tests if any(one["eval_time"] == f"{LONG}m" for one in test["alert_rule_test"])]
    short = [test for test in tests if test not in long]
    return {
        "rules.yaml": {"groups": [{"name": "tried", "rules": [{**rule, "annotations": TOLD}]}]},
        **{
            f"{name}.yaml": {"rule_files": ["rules.yaml"], "evaluation_interval": interval, "tests": some}
            for name, interval, some in (("short", "1m", short), ("long", "10m", long))
            if some
        },
    }


def promtool_on(program: str, folder: Path, rule: Json, tests: list[Json]) -> subprocess.CompletedProcess[str]:
    """Runs the tests of a rule in a folder; the code is 0 where all pass."""
    files = files_of(rule, tests)
    for name, content in files.items():
        text = yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")
    command = [program, "test", "rules", *(name for name in files if name != "rules.yaml")]
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)


def _in_time(alert: Alert, case: Case) -> Iterator[Json]:
    """The usual, then the firing case, then the usual again; and one in which all comes to a stand."""
    usual, bad = {**case.series, **case.quiet[0].series}, case.series
    if case.begins is not None and case.ends is not None:
        edges = {
            PHASE + case.begins - 1: False,
            PHASE + case.begins: True,
            2 * PHASE + case.ends: True,
            2 * PHASE + case.ends + 1: False,
        }
        series = {name: _phases(usual[name], bad.get(name, usual[name]), usual[name]) for name in usual}
        yield _test("it comes and goes", [series], [_firing(alert, case, at, fires) for at, fires in edges.items()], [])
    if case.stands is not None:
        series = {name: _phases(values, _stand(values)) for name, values in bad.items()}
        edges = {PHASE + case.stands: True, PHASE + case.stands + 1: False}
        yield _test("all stands still", [series], [_firing(alert, case, at, fires) for at, fires in edges.items()], [])


def _phases(*phases: str) -> str:
    """Values of 101 minutes each, one after the other: a counter goes on from where it is."""
    written: list[str] = []
    at, before = None, 0.0
    for values in phases:
        steady = STEADY.fullmatch(values)
        assert steady, f"no steady values: {values}"
        if steady["pace"] is None:
            written.append(values)
            at = None
            continue
        pace = float(steady["pace"])
        # Where promtool adds up fractions a little more, as a counter that seems to fall is one that began anew.
        more = 0 if before.is_integer() else 0.001
        start = float(steady["start"]) if at is None else at + pace + more
        at, before = start + 100 * pace, pace
        written.append(f"{start:.3f}+{steady['pace']}x100")
    return " ".join(written)


def _stand(values: str) -> str:
    return re.sub(r"\+[\d.]+x", "+0x", values)


def _spread(case: Case, series: Series) -> Series:
    """The series, what can be added up on two processes: one third and two."""
    if case.alone:
        return series
    spread: dict[str, str] = {}
    for name, values in series.items():
        steady = STEADY.fullmatch(values)
        if not steady or (steady["pace"] is None and not name.startswith(ADDED)):
            spread[name] = values
            continue
        # An engine's twin is a rank of its own in the same process.
        twin = re.sub(r'instance="([gs])-0"', r'instance="\1-1"', name).replace(
            'model_name="m"', 'model_name="m",engine="1"'
        )
        for one, part in ((name, 1 / 3), (twin, 2 / 3)):
            pace = f"+{float(steady['pace']) * part:.6f}" if steady["pace"] else ""
            spread[one] = f"{float(steady['start']) * part:.6f}{pace}x100"
    return spread


def _beside(alert: Alert, case: Case, own: Series, theirs: Series) -> dict[str, Series]:
    """The other fleets, and other roles or models where they are cases of their own: labels -> series."""
    labels = _labels(alert, case)
    beside: dict[str, Series] = {
        labels.replace(FLEET, fleet): {name.replace(FLEET, fleet): values for name, values in theirs.items()}
        for fleet in OTHER_FLEETS
    }
    for own_name, name in (KIN[label] for label in KIN if label in alert.by):
        # What all share, such as the gateways, cannot be both.
        if all(own[one] == values for one, values in theirs.items() if own_name not in one):
            beside[labels.replace(own_name, name)] = {
                one.replace(own_name, name): values for one, values in theirs.items() if own_name in one
            }
    return beside


def _of_strangers(series: Series) -> Series:
    """Series of the same names and labels that another job exports; wanted replicas are anybody's."""
    named = {name: values for name, values in series.items() if "job=" in name and not name.startswith("kube_")}
    return {re.sub(r'\bjob="[^"]*"', 'job="stranger"', name): values for name, values in named.items()}


def _labels(alert: Alert, case: Case, others: str | None = None) -> str:
    labels = case.labels if others is None else others
    more = f",{labels}" if labels else ""
    return f'severity="{alert.severity}",{FLEET}{more}'


def _test(why: str, worlds: Iterable[Series], queries: list[Json], alerts: list[Json]) -> Json:
    series = [{"series": name, "values": values} for world in worlds for name, values in world.items()]
    return {
        "name": why,
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": queries,
        "alert_rule_test": alerts,
    }


def _fires(alert: Alert, minute: int, told: Mapping[str, str]) -> Json:
    """All that is told at a minute: labels -> value."""
    alerts = [
        {"exp_labels": dict(re.findall(r'(\w+)="([^"]*)"', labels)), "exp_annotations": {"value": value}}
        for labels, value in told.items()
    ]
    return {"alertname": alert.name, "eval_time": f"{minute}m", "exp_alerts": alerts}


def _state(alert: Alert, minute: int, cases: list[str], state: str = "pending") -> Json:
    """All that pends or fires at a minute, which is in one state."""
    samples = [
        {"labels": f'ALERTS{{alertname="{alert.name}",alertstate="{state}",{labels}}}', "value": 1} for labels in cases
    ]
    return {"expr": f'ALERTS{{alertname="{alert.name}"}}', "eval_time": f"{minute}m", "exp_samples": samples}


def _firing(alert: Alert, case: Case, minute: int, fires: bool) -> Json:
    """Whether it fires at a minute, where nothing stands beside it."""
    labels = f'ALERTS{{alertname="{alert.name}",alertstate="firing",{_labels(alert, case)}}}'
    samples = [{"labels": labels, "value": 1}] if fires else []
    return {"expr": labels, "eval_time": f"{minute}m", "exp_samples": samples}
