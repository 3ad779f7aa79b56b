"""A live simulated fleet, a Prometheus with the alerts that scrapes it, and every query run on it; Ctrl-C stops all.

Everything listens on loopback, at ports that are free, and lives in a temporary folder.
"""

import argparse
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "llumnix_dash"]
RULES = CHECKOUT / "deploy" / "observability" / "rules" / "*.yaml"
# A rate wants two samples of each series, and one more where a series began between them.
SCRAPES_WANTED = 4
# The points of some panels lie at every second whole minute, so these are waited for as well.
STEP_SECONDS = 120
PATIENCE_SECONDS = 300


def main() -> int:
    """Runs the demonstration until Ctrl-C; gives the exit code of verify."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="?", default="default", help="see llumnix-dash simulate --help")
    scenario = parser.parse_args().scenario
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        sys.exit("demo: there is no prometheus on this machine: apt-get install prometheus")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="llumnix-dash-demo.") as folder, contextlib.ExitStack() as children:
        config = Path(folder, "prometheus.yml")
        simulate = [*PROGRAM, "simulate", scenario, "--serve", "0", "--prometheus-config", str(config)]
        fleet = children.enter_context(running(simulate, stdout=subprocess.PIPE))
        assert fleet.stdout is not None
        announcement = fleet.stdout.readline() + fleet.stdout.readline()
        if "http://" not in announcement:
            return fleet.wait() or 1
        fleet_url = "http://" + announcement.split("http://")[1].split("/")[0]
        with config.open("a", encoding="utf-8") as stream:
            stream.write(f"rule_files: ['{RULES}']\n")
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        options = (
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        with open(Path(folder, "prometheus.log"), "w", encoding="utf-8") as log:
            server = children.enter_context(running([prometheus, *options], stderr=log))
        print(f"fleet       {fleet_url}/  ({scenario}; one path a target)")
        print(f"Prometheus  {url}/  (scrapes it every 10 s)")
        print(f"alerts      {url}/alerts  (which pend or fire; {url}/rules has all, with what they record)", flush=True)
        if not wait_for_scrapes(url, server):
            print(Path(folder, "prometheus.log").read_text(encoding="utf-8"), file=sys.stderr)
            return 1
        result = subprocess.run([*PROGRAM, "verify", "--prometheus", url], cwd=CHECKOUT, check=False).returncode
        with contextlib.suppress(KeyboardInterrupt):
            print(f"\nfleet       {fleet_url}/\nPrometheus  {url}/\nalerts      {url}/alerts")
            print(f"Ctrl-C stops both and removes {folder}", flush=True)
            signal.pause()
    print("\nstopped")
    return result


@contextlib.contextmanager
def running(command: list[str], **streams: object) -> Iterator[subprocess.Popen[str]]:
    """A child that ends with the block; it is in a session of its own, so that Ctrl-C comes to this script alone."""
    child = subprocess.Popen(command, cwd=CHECKOUT, text=True, start_new_session=True, **streams)  # type: ignore[call-overload]
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def wait_for_scrapes(url: str, server: subprocess.Popen[str]) -> bool:
    """Waits until every panel has a point over as many scrapes as rates want; False if that never comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = -1
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, IndexError):
            now = time.time()
            if scrapes_until(url, now // STEP_SECONDS * STEP_SECONDS) >= SCRAPES_WANTED:
                return True
            scrapes = min(scrapes_until(url, now), SCRAPES_WANTED)
            if scrapes != told:
                told = scrapes
                rest = ", and now the next even minute" if scrapes == SCRAPES_WANTED else ""
                print(f"scraped     {scrapes} of {SCRAPES_WANTED} times{rest}", flush=True)
        time.sleep(0.5)
    return False


def scrapes_until(url: str, moment: float) -> int:
    """How often the target that was scraped least had been by the moment (epoch seconds); 0 where none had been."""
    asked = {"query": "min(count_over_time(up[5m])) or vector(0)", "time": moment}
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode(asked)}", timeout=5) as answer:
        return int(json.load(answer)["data"]["result"][0]["value"][1])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nstopped")
