"""Where credentials come from, and that they show nowhere."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from llumnix_dash.errors import UserError
from llumnix_dash.prometheus.connection import from_environment

URL = "http://prometheus.example:9090"


def test_the_command_line_goes_before_the_environment() -> None:
    assert from_environment(f"{URL}/", {"PROMETHEUS_URL": "http://other"}).url == URL
    assert from_environment(None, {"PROMETHEUS_URL": URL}).url == URL


def test_every_variable_is_read(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("ca", "cert", "key", "headers", "password")}
    for path in files.values():
        path.write_text("x\n")
    files["headers"].write_text("# tenants\nX-Scope-OrgID: team-a\n\nX-Other:  b c \n")
    connection = from_environment(
        URL,
        {
            "PROMETHEUS_USER": "ann",
            "PROMETHEUS_PASSWORD_FILE": str(files["password"]),
            "PROMETHEUS_CA_CERT": str(files["ca"]),
            "PROMETHEUS_CLIENT_CERT": str(files["cert"]),
            "PROMETHEUS_CLIENT_KEY": str(files["key"]),
            "PROMETHEUS_HEADERS_FILE": str(files["headers"]),
        },
    )
    assert connection.basic == ("ann", SecretStr("x"))
    assert connection.ca_cert == str(files["ca"])
    assert connection.client_cert == (str(files["cert"]), str(files["key"]))
    assert connection.headers == {"X-Scope-OrgID": SecretStr("team-a"), "X-Other": SecretStr("b c")}


def test_a_token_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    assert from_environment(URL, {"PROMETHEUS_TOKEN": "t0ken"}).token == SecretStr("t0ken")
    assert from_environment(URL, {"PROMETHEUS_TOKEN_FILE": str(tmp_path / "token")}).token == SecretStr("t0ken")


def test_no_secret_shows() -> None:
    by_token = from_environment(URL, {"PROMETHEUS_TOKEN": "t0ken"})
    by_password = from_environment(URL, {"PROMETHEUS_USER": "ann", "PROMETHEUS_PASSWORD": "s3cret"})
    assert "t0ken" not in repr(by_token)
    assert "s3cret" not in repr(by_password)


@pytest.mark.parametrize(
    "url",
    [
        "http://ann:s3cret@prometheus.example",
        "http://prometheus.example/?token=s3cret",
        "http://prometheus.example/#s3cret",
        "https://s3cret@prometheus.example:9090/prometheus",
    ],
)
def test_a_secret_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UserError) as caught:
        from_environment(url, {})
    assert "s3cret" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("url", "environment", "message"),
    [
        (None, {}, "no Prometheus is named"),
        ("prometheus:9090", {}, "must be a whole address"),
        ("ftp://prometheus", {}, "must be a whole address"),
        ("http://prometheus:port", {}, "is not a URL"),
        (URL, {"PROMETHEUS_USER": "ann"}, "needs a user and a password"),
        (URL, {"PROMETHEUS_PASSWORD": "s3cret"}, "needs a user and a password"),
        (URL, {"PROMETHEUS_TOKEN": "t", "PROMETHEUS_USER": "ann", "PROMETHEUS_PASSWORD": "s3cret"}, "both set"),
        (URL, {"PROMETHEUS_TOKEN": "t", "PROMETHEUS_TOKEN_FILE": "/t"}, "both set"),
        (URL, {"PROMETHEUS_TOKEN_FILE": "/none"}, "cannot read the file: No such file"),
        (URL, {"PROMETHEUS_TOKEN": "s3cret\nX-Evil: 1"}, "characters that a header cannot carry"),
        (URL, {"PROMETHEUS_CA_CERT": "/none"}, "there is no file /none"),
        (URL, {"PROMETHEUS_HEADERS_FILE": "/none"}, "cannot read the file: No such file"),
    ],
)
def test_what_contradicts_or_is_missing_is_told(url: str | None, environment: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        from_environment(url, environment)
    assert "s3cret" not in str(caught.value)


def test_a_client_key_needs_its_certificate(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    with pytest.raises(UserError, match="without its certificate"):
        from_environment(URL, {"PROMETHEUS_CLIENT_KEY": str(tmp_path / "key")})


def test_a_line_that_is_no_header_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("X-A: b\nnonsense\n")
    with pytest.raises(UserError, match="not a header") as caught:
        from_environment(URL, {"PROMETHEUS_HEADERS_FILE": str(tmp_path / "headers")})
    assert caught.value.where == f"{tmp_path / 'headers'}:2"
