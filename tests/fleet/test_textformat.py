"""A fleet's samples as files: readable by those for whom they are meant, and the same bytes everywhere."""

import io
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_fd_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

from llumnix_dash.errors import UserError
from llumnix_dash.files import replacing
from llumnix_dash.fleet import simulate
from llumnix_dash.fleet.textformat import label_text, number, write_openmetrics, write_prometheus
from tests.fleet.conftest import END

SOME_FAMILIES = "(?:request|vllm:kv_cache_usage_perc|instance_cms_running_requests|up)"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="there is no promtool on this machine")


def openmetrics(fleet) -> str:
    stream = io.StringIO()
    write_openmetrics(fleet, stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["default", "lite-mode", "old-vllm"])
def test_a_strict_reader_of_openmetrics_reads_each_scrape(name):
    """It checks that families do not clash, that buckets rise and end with +Inf, that counts fit, and ``# EOF``.

    Of several scrapes of a histogram it drops all but the first, so it is given one at a time.
    """
    fleet = simulate(name, end=END, minutes=0.5, interval=30)
    lines = openmetrics(fleet).splitlines(keepends=True)
    read = 0
    for time in fleet.times:
        # It wants whole bounds with a fraction, which Go's library does not write for Prometheus 2.
        scrape = [_with_fraction(line) for line in lines if line.startswith("#") or line.endswith(f" {time}\n")]
        read += sum(len(family.samples) for family in openmetrics_families(io.StringIO("".join(scrape))))
    assert read == fleet.history.samples


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (0.1, "0.1"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (-2.5, "-2.5")],
)
def test_a_number_is_written_as_prometheus_writes_it(value, text):
    assert number(value) == text


def test_families_are_together_and_each_series_is_in_order_of_time(simulated):
    names, last_times = [], {}
    for line in openmetrics(simulated("restart", 5)).splitlines():
        if line.startswith("# TYPE "):
            names.append(line.split()[2])
        elif not line.startswith("#"):
            series, _, time = line.rsplit(" ", 2)
            assert int(time) > last_times.get(series, 0)
            last_times[series] = int(time)
    assert len(names) == len(set(names))


def _with_fraction(line: str) -> str:
    before, mark, after = line.partition('le="')
    bound, quote, rest = after.partition('"')
    if mark and bound.isdigit():
        bound += ".0"
    return before + mark + bound + quote + rest


def test_the_prometheus_format_holds_the_same_samples_in_milliseconds(simulated):
    fleet = simulated("default", 1)
    stream = io.StringIO()
    write_prometheus(fleet, stream)
    lines = [line for line in openmetrics(fleet).splitlines() if not line.startswith("#")]
    assert stream.getvalue().splitlines() == [f"{line}000" for line in lines]
    family = next(iter(prometheus_families(stream.getvalue())))
    assert END - 60 <= family.samples[0].timestamp <= END


def test_go_writes_whole_bounds_without_a_fraction_and_python_with_one(simulated):
    text = openmetrics(simulated("default", 1))
    assert 'request_ttft_milliseconds_bucket{model="qwen3-32b",job="gateway"' in text
    assert 'le="1000"' in text
    assert "request_ttft" not in "".join(line for line in text.splitlines() if 'le="1000.0"' in line)
    assert 'le="2560.0"' in text


def test_some_series_are_as_ever_on_any_python(golden):
    """The last scrapes after a restart: all that happened before is in these figures."""
    text = openmetrics(simulate("restart", end=END, minutes=5, interval=30))
    lines = re.findall(
        rf"^(?:# \w+ {SOME_FAMILIES} .*|{SOME_FAMILIES}(?:_total)?{{.* (?:{END - 30}|{END})|# EOF)\n",
        text,
        re.MULTILINE,
    )
    golden("fleet/restart.om", "".join(lines))


def test_the_same_bytes_with_any_hash_seed(tmp_path):
    files = []
    for hash_seed in ("0", "12345"):
        path = tmp_path / f"{hash_seed}.om"
        command = ["simulate", "restart", "--openmetrics", str(path), "--minutes", "5", "--end", str(END)]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run(
            [sys.executable, "-m", "llumnix_dash", *command], check=True, env=environment, capture_output=True
        )
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_another_seed_is_another_fleet_with_the_same_series(simulated):
    fleet, other = simulated("fresh", 1), simulate("fresh", end=END, minutes=1, seed=2)
    assert openmetrics(fleet) != openmetrics(other)
    assert fleet.history.up.keys() == other.history.up.keys()


@needs_promtool
@pytest.mark.parametrize("name", ["default", "lite-mode", "restart"])
def test_promtool_makes_a_store_of_it(simulated, tmp_path, name):
    fleet = simulated(name)
    path = tmp_path / "fleet.om"
    path.write_text(openmetrics(fleet), encoding="utf-8")
    blocks = _promtool("tsdb", "create-blocks-from", "openmetrics", str(path), str(tmp_path / "data"))
    stored = sum(int(line.split()[-4]) for line in blocks.splitlines()[1:])
    assert stored == fleet.history.samples


def _promtool(*arguments: str) -> str:
    return subprocess.run(["promtool", *arguments], check=True, capture_output=True, text=True).stdout


def test_labels_are_escaped():
    assert label_text((("model", 'a"b\\c\nd'),)) == 'model="a\\"b\\\\c\\nd"'


def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path):
    path = tmp_path / "fleet.om"
    path.write_text("before")

    def fail() -> None:
        with replacing(path) as stream:
            stream.write("half")
            raise OSError("no space left on device")

    with pytest.raises(UserError, match="cannot write"):
        fail()
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["fleet.om"]
