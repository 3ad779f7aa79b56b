"""Changes each alert in one place, and tells which changes promtool's tests of the rules do not notice.

A change is one of its query (see ``query_mutations.py``), of its threshold or of its duration. Changes that no store
can tell stand in ``equivalent_alert_mutants.yaml``, with the reason; they are tried and told, and count neither way.
Alerts of error budgets have two forms of one query, with other windows, factors and objectives: each form is tried
once, and of each other pair of windows one threshold and duration. Run it in the checkout:

    python scripts/mutate_alerts.py --sample 8
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The tests are no part of the package: they are found where the script is run.
sys.path.insert(0, str(Path.cwd()))

from query_mutations import EQUIVALENT_OF_ALERTS, equivalent, mutations

from llumnix_dash.promql.query import number
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.prometheus.stores import program_path
from tests.rules.cases import case_of
from tests.rules.worlds import promtool_on, unit_tests

# Long window of an error budget's alert -> the tests of it.
BURNS = {"1h": "burn_1h", "6h": "burn_6h", "1d": "burn_days", "3d": "burn_days"}


@dataclass(frozen=True)
class Mutant:
    """An alert with one change: what it is, the same with the whole query, and the rule's condition and duration."""

    what: str
    whole: str
    condition: str
    lasting: str

    @property
    def because(self) -> str:
        """Why no store can tell the change; empty where one can."""
        return equivalent(self.whole, EQUIVALENT_OF_ALERTS)


def mutants(alert: Alert) -> Iterator[Mutant]:
    """Every change of an alert that is tried."""
    condition, lasting = alert.condition(), alert.lasting
    quiet = quiet_branches(condition)
    # Where there is no case its query is that of another.
    for one in mutations(condition) if case_of(alert) else ():
        changed = one.apply(condition)
        if changed != condition and not any(one.start in span for span in quiet):
            whole = f"{alert.name} {one.within(condition, len(condition))}"
            yield Mutant(one.within(condition), whole, changed, lasting)
    bound = f") {'>' if alert.above is not None else '<'} {number(alert.threshold)}"
    for factor in (2 / 3, 1.5) if alert.threshold else ():
        other = bound.replace(number(alert.threshold), number(alert.threshold * factor))
        what = f"threshold × {factor:.2f}"
        yield Mutant(what, f"{alert.name} {what}", condition.replace(bound, other), lasting)
    for text in ("1m" if alert.seconds > 60 else "10m", f"{2 * alert.seconds}s"):
        what = f"for: {lasting} → {text}"
        yield Mutant(what, f"{alert.name} {what}", condition, text)


def quiet_branches(condition: str) -> list[range]:
    """Where the left side gives its 0 of quiet cases, which is never above the threshold 0: no change there can matter.

    The branch is there for the panel's line.
    """
    if ") > 0" not in condition:
        return []
    spans, depth, start, quoted = [], 0, 1, False
    for place, letter in enumerate(condition):
        quoted ^= letter == '"' and condition[place - 1] != "\\"
        depth += 0 if quoted else (letter in "([{") - (letter in ")]}")
        ends = not quoted and ((depth == 1 and condition.startswith(" or ", place)) or depth == 0)
        if ends and place > start:
            if condition[start:place].removeprefix(" or ").startswith("0 * "):
                spans.append(range(start, place))
            start = place
        if depth == 0 and place:
            break
    return spans


def survives(alert: Alert, mutant: Mutant) -> bool:
    """Whether promtool's tests of the alert pass for the mutant."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if case := case_of(alert):
            rule = _rule(alert, mutant.condition, mutant.lasting)
            done = promtool_on(program_path("promtool"), folder, rule, unit_tests(alert, case))
        else:
            rules = [
                _rule(one, mutant.condition, mutant.lasting)
                if one == alert
                else _rule(one, one.condition(), one.lasting)
                for one in every_alert()
                if one.labels.get("long") == alert.labels["long"]
            ]
            (folder / "alerts.yaml").write_text(yaml.safe_dump({"groups": [{"name": "tried", "rules": rules}]}))
            by_hand = Path("tests", "rules", "promtool", f"{BURNS[alert.labels['long']]}.yaml").read_text("utf-8")
            (folder / "tests.yaml").write_text(
                re.sub(r"(?m)^rule_files: .*", "rule_files: [alerts.yaml]", by_hand), encoding="utf-8"
            )
            command = [program_path("promtool"), "test", "rules", "tests.yaml"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if "parse error" in done.stderr + done.stdout:
        raise ValueError(f"{alert.name}: {mutant.what} is no query: {done.stderr}{done.stdout}")
    return done.returncode == 0


def _rule(alert: Alert, condition: str, lasting: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": condition,
        "for": lasting,
        "labels": {"severity": alert.severity, **alert.labels},
    }


def tried(alerts: Iterable[Alert]) -> list[Alert]:
    """Those that have a case, and one of each pair of windows that has none."""
    windows: set[str | None] = set()
    chosen = []
    for alert in alerts:
        if case_of(alert) or alert.labels.get("long", "1h") not in {"1h", *windows}:
            windows.add(alert.labels.get("long"))
            chosen.append(alert)
    return chosen


def main() -> None:
    """Reads the arguments, hunts alert by alert, and prints the survivors and the score."""
    parser = argparse.ArgumentParser(description="Which small changes of an alert does no test notice?")
    parser.add_argument("alerts", nargs="*", help="their names; all unless given")
    parser.add_argument("--sample", type=int, default=8, help="how many changes of an alert at most (8)")
    parser.add_argument("--seed", type=int, default=1, help="draws others (1)")
    asked = parser.parse_args()
    killed = alive = alike = 0
    every = every_alert()
    alerts = tried(every)
    print(
        f"{len(alerts)} of {len(every)} alerts: those of error budgets have one form, of which each kind is tried once"
    )
    for alert in alerts:
        if asked.alerts and alert.name not in asked.alerts:
            continue
        found = list(dict.fromkeys(mutants(alert)))
        some = random.Random(f"{asked.seed} {alert.name}").sample(found, min(asked.sample, len(found)))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            passed = list(pool.map(lambda mutant, alert=alert: survives(alert, mutant), some))
        for mutant, survived in zip(some, passed, strict=True):
            if survived and mutant.because:
                print(f"equivalent, {mutant.because}: {alert.name} · {mutant.what}")
                alike += 1
                continue
            if mutant.because:
                print(f"said to be equivalent, and killed: {alert.name} · {mutant.what}")
            if survived:
                print(f"{alert.name} · {mutant.what}")
            killed, alive = killed + (not survived), alive + survived
        print(f"{alert.name}: {killed} of {killed + alive} killed so far", flush=True)
    print(f"equivalent: {alike}")
    print(f"all: {killed} of {killed + alive} killed, {killed / max(1, killed + alive):.1%}")


if __name__ == "__main__":
    main()
