"""What a ruler would have recorded of a store."""

from collections.abc import Iterator

from llumnix_dash.fleet.textformat import label_text
from llumnix_dash.prometheus.client import Client
from llumnix_dash.rulefiles import RECORDING_FILE, rule_files

[RULES] = [one.rules for one in rule_files() if one.file_name == RECORDING_FILE]


def recorded_samples(client: Client, start: float, end: float, step: float) -> Iterator[str]:
    """The lines, as OpenMetrics has them, of a ruler that asks every ``step`` seconds."""
    for rule in RULES:
        for series in client.query_range(rule["expr"], start, end, step):
            named = {label: value for label, value in series.labels.items() if label != "__name__"}
            labels = label_text(sorted({**named, **rule.get("labels", {})}.items()))
            yield from (f"{rule['record']}{{{labels}}} {value!r} {moment}\n" for moment, value in series.points)
