"""Which changes of an alert the script tries, and that what nothing can tell is told with its reason."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHANGES = """
import sys
sys.path.insert(0, "scripts")
from mutate_alerts import every_alert, mutants, tried
print(*sorted(f"{one.name} {one.labels.get('long')}" for one in tried(every_alert()) if "Budget" in one.name), sep=", ")
[alert] = [one for one in every_alert() if one.name == "LlumnixKVCacheFull"]
print(*sorted({one.what.split(":")[0] for one in mutants(alert)}), sep=", ")
print(len({(one.condition, one.lasting) for one in mutants(alert)} | {(alert.condition(), alert.lasting)}))
"""


def script(*arguments: str) -> list[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_query_threshold_and_duration_are_changed_and_each_form_of_burning_budgets_is_tried() -> None:
    forms, kinds, different = script("-c", CHANGES)
    assert forms == (
        "LlumnixSuccessBudgetBurns 1d, LlumnixSuccessBudgetBurns 1h, LlumnixSuccessBudgetBurns 3d,"
        " LlumnixSuccessBudgetBurns 6h, LlumnixTTFTBudgetBurns 1h"
    )
    assert (
        kinds == "aggregation, comparison, for, label, matcher, over time, threshold × 0.67, threshold × 1.50, window"
    )
    assert int(different) == 13


def test_a_small_hunt_tells_its_score() -> None:
    *_, alike, score = script("scripts/mutate_alerts.py", "--sample", "2", "LlumnixKVCacheFull")
    assert (alike, score) == ("equivalent: 0", "all: 2 of 2 killed, 100.0%")
