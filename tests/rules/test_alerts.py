"""Each alert fires after its duration, not before, and is quiet where it should be: promtool's own tests of rules."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from llumnix_dash.rulefiles import ALERTS_FILE, rule_files
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.prometheus.stores import program_path
from tests.rules.cases import CASES, FLEET, Case, Series

Json = dict[str, Any]
OTHERS = ('cluster="c",namespace="other"', 'cluster="other",namespace="n"')
[ALERT_RULES] = [one.rules for one in rule_files() if one.file_name == ALERTS_FILE]
# Tests of rules that are written in promtool's own form.
BY_HAND = sorted(Path(__file__).with_name("promtool").glob("*.yaml"))


def expected(alert: Alert, case: Case, state: str, fleet: str = FLEET) -> Json:
    labels = f",{case.labels}" if case.labels else ""
    text = f'ALERTS{{alertname="{alert.name}",alertstate="{state}",severity="{alert.severity}",{fleet}{labels}}}'
    return {"labels": text, "value": 1}


def at(alert: Alert, minute: float, samples: list[Json]) -> Json:
    return {
        "expr": f'ALERTS{{alertname="{alert.name}"}}',
        "eval_time": f"{round(minute * 60)}s",
        "exp_samples": samples,
    }


def inputs(*worlds: Series) -> list[Json]:
    return [{"series": name, "values": values} for world in worlds for name, values in world.items()]


def of_fleet(fleet: str, series: Series) -> Series:
    """The series of another fleet, in which all else has the same names."""
    return {name.replace(FLEET, fleet): values for name, values in series.items()}


def of_strangers(series: Series) -> Series:
    """Series of the same names and labels that another job exports; wanted replicas are anybody's."""
    named = {name: values for name, values in series.items() if not name.startswith("kube_")}
    return {re.sub(r'\bjob="[^"]*"', 'job="stranger"', name): values for name, values in named.items()}


def unit_tests(alert: Alert, case: Case) -> list[Json]:
    """It pends just before its duration is over and fires when it is; where it is quiet it never fires.

    Beside the fleet stand two others, which have its cluster or its namespace, and strangers with its metrics' names:
    these are quiet where it fires, and fire where it is quiet.
    """
    end = case.since + alert.seconds / 60
    quiet = case.series | case.quiet[0].series
    others = [of_fleet(fleet, quiet) for fleet in OTHERS]
    before = [at(alert, case.since - 1, [])] if case.since else []
    pends = at(alert, end - 1 if alert.seconds > 60 else case.since, [expected(alert, case, "pending")])
    fires: Json = {
        "interval": "1m",
        "input_series": inputs(case.series, *others, of_strangers(quiet)),
        "promql_expr_test": [*before, pends, at(alert, end, [expected(alert, case, "firing")])],
    }
    turned: Json = {
        "interval": "1m",
        "input_series": inputs(quiet, *(of_fleet(fleet, case.series) for fleet in OTHERS), of_strangers(case.series)),
        "promql_expr_test": [at(alert, end, [expected(alert, case, "firing", fleet) for fleet in OTHERS])],
    }
    firing = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
    never = [{"expr": firing, "eval_time": f"{minute}m", "exp_samples": []} for minute in range(10, 41, 10)]
    return [fires, turned] + [
        {"interval": "1m", "input_series": inputs(case.series | one.series), "promql_expr_test": never}
        for one in case.quiet
    ]


@pytest.mark.parametrize("alert", [one for one in every_alert() if one.name in CASES], ids=lambda alert: alert.name)
def test_it_fires_after_its_duration_and_is_quiet_where_it_should_be(alert: Alert, tmp_path: Path) -> None:
    rules = [rule for rule in ALERT_RULES if rule["alert"] == alert.name]
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": unit_tests(alert, CASES[alert.name])}
    # The others would be evaluated as often, and asked for nothing.
    for name, value in {"rules": {"groups": [{"name": "one", "rules": rules}]}, "tests": content}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    command = [program_path("promtool"), "test", "rules", "tests.yaml"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_that_fires_and_one_that_is_quiet() -> None:
    by_hand = " ".join(path.read_text(encoding="utf-8") for path in BY_HAND)
    assert {alert.name for alert in every_alert() if f'"{alert.name}"' not in by_hand} == set(CASES)
    assert all(case.quiet for case in CASES.values())
