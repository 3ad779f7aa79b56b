from collections.abc import Callable, Iterator
from typing import Any

import pytest

from llumnix_dash.grafana.connect import Grafana, connect
from llumnix_dash.grafana.settings import load_settings
from llumnix_dash.grafana.transport import Transport
from tests.grafana.fake import PROFILES, FakeGrafana, Profile
from tests.grafana.fake.server import TOKEN


@pytest.fixture(params=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> Profile:
    """Each version of Grafana in turn."""
    return PROFILES[request.param]


@pytest.fixture
def fake(profile: Profile) -> Iterator[FakeGrafana]:
    with FakeGrafana(profile) as server:
        yield server


class Clock:
    """Stands for the pauses between attempts: remembers them and lets none pass."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.then: Callable[[], Any] = lambda: None

    def __call__(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.then()
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("URL", "TOKEN", "TOKEN_FILE", "USER", "PASSWORD", "PASSWORD_FILE", "HEADERS_FILE"):
        monkeypatch.delenv(f"GRAFANA_{name}", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def transport_to(fake: FakeGrafana, clock: Clock | None = None, token: str = TOKEN, **more: Any) -> Transport:
    environment = {"GRAFANA_URL": fake.url, "GRAFANA_TOKEN": token}
    return Transport(load_settings(environment=environment), sleep=clock or Clock(), **more)


@pytest.fixture
def grafana(fake: FakeGrafana, clock: Clock) -> Grafana:
    return connect(transport_to(fake, clock))
