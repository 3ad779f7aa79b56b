"""Real stores for tests: a Prometheus and a VictoriaMetrics on loopback, over samples of the past.

    with prometheus(openmetrics_file, folder) as url: ...
    with victoria_metrics(openmetrics_file, folder) as url: ...

Both take the same file in the OpenMetrics format, in which every sample has its time, and have it in full when they
give their URL. :class:`Samples` writes such a file by hand. A test whose program is not installed is skipped.
"""

import math
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry


class Samples:
    """A hand-made store: series whose values are functions of time.

    Args:
        start: of the first sample, in seconds since the epoch.
        seconds: from the first sample to the last.
        every: seconds between two samples.
    """

    def __init__(self, start: int, seconds: int = 3600, every: int = 10) -> None:
        self.start, self.end = start, start + seconds
        self._times = range(start, start + seconds + 1, every)
        self._lines: list[str] = []

    def add(
        self,
        metric: str,
        value: Callable[[int], float],
        between: tuple[float, float] = (0, math.inf),
        **labels: str,
    ) -> None:
        """A series, all along or between two moments; ``value`` gets the seconds since the start, as these are."""
        pairs = ",".join(f'{name}="{text}"' for name, text in labels.items())
        self._lines += [
            f"{metric}{{{pairs}}} {value(time - self.start)} {time}"
            for time in self._times
            if between[0] <= time - self.start <= between[1]
        ]

    def histogram(self, metric: str, buckets: Mapping[str, float], mean: float, **labels: str) -> None:
        """A classic histogram: observations a second that each bucket ``le`` holds (cumulative), and their mean."""
        for bound, rate in buckets.items():
            self.add(f"{metric}_bucket", lambda age, rate=rate: rate * age, le=bound, **labels)  # type: ignore[misc]
        total = buckets["+Inf"]
        self.add(f"{metric}_count", lambda age: total * age, **labels)
        self.add(f"{metric}_sum", lambda age: total * age * mean, **labels)

    def write(self, path: Path) -> Path:
        """Writes the OpenMetrics file."""
        path.write_text("\n".join([*self._lines, "# EOF", ""]), encoding="utf-8")
        return path


@contextmanager
def prometheus(openmetrics: Path, folder: Path) -> Iterator[str]:
    """A Prometheus over blocks made of the file; gives its URL, and stops it at the end.

    Past samples lack the mark that a scrape leaves behind a target that has gone, so a value holds for a minute and
    not for the usual five.
    """
    data, config = folder / "prometheus", folder / "prometheus.yml"
    config.write_text("{}\n", encoding="utf-8")
    _run("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(openmetrics), str(data))
    port = free_port()
    with server(
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        "--query.lookback-delta=1m",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
        log=folder / "prometheus.log",
    ):
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/-/ready", folder / "prometheus.log")
        yield url


@contextmanager
def victoria_metrics(openmetrics: Path, folder: Path) -> Iterator[str]:
    """A VictoriaMetrics into which the file's samples have been imported; gives its URL, and stops it at the end.

    A value holds for a minute, as in :func:`prometheus`.
    """
    port = free_port()
    with server(
        "victoria-metrics",
        f"-storageDataPath={folder / 'victoria-metrics'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.disableCache",
        "-search.maxLookback=1m",
        "-loggerLevel=ERROR",
        log=folder / "victoria-metrics.log",
    ):
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/health", folder / "victoria-metrics.log")
        requests.post(
            f"{url}/api/v1/import/prometheus", data=in_milliseconds(openmetrics), timeout=600
        ).raise_for_status()
        requests.get(f"{url}/internal/force_flush", timeout=60).raise_for_status()
        _wait_until_found(url, openmetrics)
        yield url


def _wait_until_found(url: str, openmetrics: Path) -> None:
    """Until a query finds the file's last sample: on a busy machine a flush may end before a search sees all of it."""
    with openmetrics.open("rb") as stream:
        # The end will do: files are of hundreds of megabytes, and no line is as long.
        stream.seek(max(0, openmetrics.stat().st_size - (1 << 16)))
        lines = stream.read().decode(errors="replace").splitlines()
    last = next(line for line in reversed(lines) if not line.startswith("#"))
    name, moment = re.split(r"[{ ]", last, maxsplit=1)[0], last.partition(" # ")[0].rsplit(None, 1)[1]
    query = {"query": f'count({{__name__="{name}"}})', "time": moment}
    give_up = monotonic() + 60
    while not requests.get(f"{url}/api/v1/query", params=query, timeout=60).json()["data"]["result"]:
        assert monotonic() < give_up, f"VictoriaMetrics does not find {name} at {moment}"


STORES = {"prometheus": prometheus, "victoria-metrics": victoria_metrics}
"""The stores by the name of their program."""


def in_milliseconds(openmetrics: Path) -> Iterator[bytes]:
    """The samples of an OpenMetrics file in the format of Prometheus, whose stamps are milliseconds, some at a time."""
    with openmetrics.open(encoding="utf-8") as stream:
        while lines := stream.readlines(1 << 20):
            samples = (line.partition(" # ")[0].rsplit(None, 1) for line in lines if not line.startswith("#"))
            yield "".join(f"{sample} {round(float(stamp) * 1000)}\n" for sample, stamp in samples).encode()


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program_path(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([program_path(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, re.sub(r"\n+", "\n", done.stdout + done.stderr)


@contextmanager
def server(program: str, *arguments: str, log: Path) -> Iterator[None]:
    """The program running, until the end of the ``with``; the test is skipped where it is not installed."""
    with log.open("w") as stream:
        process = subprocess.Popen([program_path(program), *arguments], stdout=stream, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_until_ready(url: str, log: Path, **how: Any) -> None:
    """Asks until the server says that it is ready, for half a minute at most; ``how`` is for requests."""
    retry = Retry(total=150, status_forcelist=(503,), backoff_factor=0.05, backoff_max=0.2)
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        try:
            session.get(url, timeout=5, **how).raise_for_status()
        except requests.exceptions.RequestException as error:
            raise AssertionError(f"{url} is not ready:\n{log.read_text()}") from error
