"""Each alert fires after its duration, not before, and is quiet where it should be: promtool's own tests of rules."""

from pathlib import Path

import pytest

from llumnix_dash.rulefiles import ALERTS_FILE, rule_files
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.prometheus.stores import program_path
from tests.rules.cases import CASES, case_of
from tests.rules.worlds import Case, promtool_on, unit_tests

[RULES] = [one.rules for one in rule_files() if one.file_name == ALERTS_FILE]
# Tests of rules that are written in promtool's own form.
BY_HAND = sorted(Path(__file__).with_name("promtool").glob("*.yaml"))


TRIED = [(alert, case) for alert in every_alert() if (case := case_of(alert))]


@pytest.mark.parametrize(("alert", "case"), [pytest.param(*one, id=one[0].name) for one in TRIED])
def test_it_fires_after_its_duration_and_is_quiet_where_it_should_be(alert: Alert, case: Case, tmp_path: Path) -> None:
    [rule] = [one for one in RULES if one.get("alert") == alert.name and one["labels"].items() >= alert.labels.items()]
    done = promtool_on(program_path("promtool"), tmp_path, rule, unit_tests(alert, case))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_that_fires_and_one_that_is_quiet() -> None:
    by_hand = " ".join(path.read_text(encoding="utf-8") for path in BY_HAND)
    assert {alert.name for alert in every_alert() if f'"{alert.name}"' not in by_hand} == set(CASES)
    assert all(case.quiet for case in CASES.values())
