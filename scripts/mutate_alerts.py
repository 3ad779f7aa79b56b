"""Changes each alert in one place, and tells which changes promtool's tests of the rules do not notice.

A change is one of its query (see ``query_mutations.py``), of its threshold or of its duration. Run it in the checkout:

    python scripts/mutate_alerts.py --sample 8
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

# The tests are no part of the package: they are found where the script is run.
sys.path.insert(0, str(Path.cwd()))

from query_mutations import mutations

from llumnix_dash.promql.query import number
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.rules.cases import CASES
from tests.rules.test_alerts import unit_tests


@dataclass(frozen=True)
class Mutant:
    """An alert with one change: what it is, and the rule's condition and duration."""

    what: str
    condition: str
    lasting: str


def mutants(alert: Alert) -> Iterator[Mutant]:
    """Every change of an alert that is tried."""
    condition, lasting = alert.condition(), alert.lasting
    quiet = quiet_branches(condition)
    for one in mutations(condition):
        changed = one.apply(condition)
        if changed != condition and not any(one.start in span for span in quiet):
            yield Mutant(one.within(condition), changed, lasting)
    bound = f") {'>' if alert.above is not None else '<'} {number(alert.threshold)}"
    for factor in (2 / 3, 1.5) if alert.threshold else ():
        other = bound.replace(number(alert.threshold), number(alert.threshold * factor))
        yield Mutant(f"threshold × {factor:.2f}", condition.replace(bound, other), lasting)
    for text in ("1m" if alert.seconds > 60 else "10m", f"{2 * alert.seconds}s"):
        yield Mutant(f"for: {lasting} → {text}", condition, text)


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


def survives(alert: Alert, mutant: Mutant, folder: Path) -> bool:
    """Whether promtool's tests of the alert pass for the mutant."""
    labels = {"severity": alert.severity}
    rule = {"alert": alert.name, "expr": mutant.condition, "for": mutant.lasting, "labels": labels}
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "mutant", "rules": [rule]}]}))
    tests = unit_tests(alert, CASES[alert.name])
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    command = ["promtool", "test", "rules", "tests.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def main() -> None:
    """Reads the arguments, hunts alert by alert, and prints the survivors and the score."""
    parser = argparse.ArgumentParser(description="Which small changes of an alert does no test notice?")
    parser.add_argument("alerts", nargs="*", help="their names; all unless given")
    parser.add_argument("--sample", type=int, default=8, help="how many changes of an alert at most (8)")
    parser.add_argument("--seed", type=int, default=1, help="draws others (1)")
    asked = parser.parse_args()
    tried = killed = 0
    with tempfile.TemporaryDirectory() as place:
        for alert in every_alert():
            if alert.name not in CASES or (asked.alerts and alert.name not in asked.alerts):
                continue
            every = list(dict.fromkeys(mutants(alert)))
            for mutant in random.Random(f"{asked.seed} {alert.name}").sample(every, min(asked.sample, len(every))):
                tried += 1
                if survives(alert, mutant, Path(place)):
                    print(f"{alert.name} · {mutant.what}", flush=True)
                else:
                    killed += 1
            print(f"{alert.name}: {killed} of {tried} killed so far", flush=True)
    print(f"all: {killed} of {tried} killed, {killed / max(1, tried):.1%}")


if __name__ == "__main__":
    main()
