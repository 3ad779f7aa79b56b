"""What no server can be reached at is refused with its cause, for both servers, and is not repeated."""

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.settings import load_settings
from llumnix_dash.http.address import base_url
from llumnix_dash.prometheus.connection import from_environment

LONG_LABEL = "a" * 70


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"http://{LONG_LABEL}.example", "is not a URL"),
        ("http://host..example", "is not a URL"),
        ("http://host:99999", "is not a URL"),
        ("http://host:0", "is not a URL"),
        ("http://host:port", "is not a URL"),
        ("http://", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://ho\nst", "holds blanks or line breaks"),
        ("http://host\n", "holds blanks or line breaks"),
        ("http://s3cret@host", "before the @"),
        ("http://host/?token=s3cret", "leave out everything from the ?"),
        ("host:9090", "must be a whole address"),
    ],
)
def test_both_servers_refuse_what_is_no_address(url: str, says: str) -> None:
    with pytest.raises(UserError) as grafana:
        load_settings(environment={"GRAFANA_URL": url})
    with pytest.raises(UserError) as prometheus:
        from_environment(url, {})
    for caught in (grafana, prometheus):
        assert says in caught.value.summary
        assert url.removeprefix("http://") not in caught.value.summary or url == "http://"
        assert "s3cret" not in str(caught.value)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url", ["http://localhost:9090", "https://host.example/a/b", "http://[::1]:3000", "https://grafana.köln.example"]
)
def test_an_address_stays_as_it_is(url: str) -> None:
    assert base_url(url) == url
    assert base_url(f"{url}/") == url
