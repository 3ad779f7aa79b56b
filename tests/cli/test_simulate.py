"""``llumnix-dash simulate`` as its user meets it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from llumnix_dash.cli import main
from llumnix_dash.cli.simulate import command
from llumnix_dash.fleet import SCENARIOS

MONITORING = Path(__file__).parents[2] / "deploy/base/monitoring.yaml"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["simulate", *arguments])
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def test_help(golden):
    """Each scenario is explained by its name."""
    text = CliRunner().invoke(command, ["--help"], prog_name="llumnix-dash simulate", terminal_width=100).output
    golden("cli/simulate-help.txt", text)
    assert all(f"\n  {name} " in text for name in SCENARIOS)


def test_past_samples_are_written_and_counted(capsys, tmp_path):
    path = tmp_path / "fleet.om"
    code, out, _ = run(capsys, "fresh", "--openmetrics", str(path), "--minutes", "1", "--end", "1700000000")
    samples = sum(not line.startswith("#") for line in path.read_text().splitlines())
    assert code == 0
    assert out == f"{path}: {samples:,} samples of 10 targets, 2023-11-14 22:12:20 to 22:13:20 UTC\n"


def test_both_formats_at_once(capsys, tmp_path):
    paths = [tmp_path / "fleet.om", tmp_path / "fleet.txt"]
    arguments = ("--openmetrics", str(paths[0]), "--prometheus-text", str(paths[1]), "--minutes", "1")
    code, out, _ = run(capsys, "idle", *arguments)
    assert code == 0
    assert len(out.splitlines()) == 2
    assert paths[0].read_text().endswith("# EOF\n")
    assert "#" not in paths[1].read_text()


def test_the_end_is_now_to_a_full_interval(capsys, tmp_path):
    path = tmp_path / "fleet.om"
    run(capsys, "idle", "--openmetrics", str(path), "--minutes", "2", "--interval", "30")
    times = {int(line.rsplit(" ", 1)[1]) for line in path.read_text().splitlines() if line.startswith("up{")}
    assert len(times) == 5
    assert all(time % 30 == 0 for time in times)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "nothing to do with the fleet"),
        (("overlaod", "--openmetrics", "x"), "there is no scenario 'overlaod'"),
        (("--prometheus-config", "x"), "--prometheus-config needs a live fleet"),
        (("--serve", "0", "--openmetrics", "x"), "live or in the past, not both"),
        (("--serve", "0", "--prometheus-config", "x", "--monitoring", "no/such"), "cannot read the monitors"),
        (("--openmetrics", "/dev/null/x"), "cannot write /dev/null/x"),
        (("--openmetrics", "x", "--minutes", "0.1"), "hold no two scrapes"),
    ],
)
def test_wrong_usage_says_what_to_do(capsys, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert "try: " in err
    assert list(tmp_path.iterdir()) == []


def test_a_live_fleet_announces_itself_and_stops_at_ctrl_c(tmp_path):
    config = tmp_path / "prometheus.yml"
    arguments = ("--serve", "0", "--prometheus-config", str(config), "--monitoring", str(MONITORING))
    process = subprocess.Popen(
        [sys.executable, "-m", "llumnix_dash", "simulate", "idle", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"{config}: scrapes 10 targets\n"
    announcement = process.stdout.readline()
    assert announcement.startswith("serving idle on http://127.0.0.1:")
    port = announcement.split(":")[-1].split("/")[0]
    assert f"127.0.0.1:{port}" in config.read_text()
    process.send_signal(2)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "\nstopped\n")
