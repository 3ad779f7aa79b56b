"""How to reach a Prometheus: its URL, and the credentials, which come from the environment or from files only."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from llumnix_dash.errors import UserError
from llumnix_dash.http.address import base_url
from llumnix_dash.http.secrets import read_file, read_headers
from llumnix_dash.http.session import Connection

VARIABLES = {
    "PROMETHEUS_URL": "its address, where --prometheus does not say",
    "PROMETHEUS_TOKEN[_FILE]": "a bearer token, or a file that holds it",
    "PROMETHEUS_USER": "the user of basic authentication",
    "PROMETHEUS_PASSWORD[_FILE]": "its password, or a file that holds it",
    "PROMETHEUS_CA_CERT": "a file: the certificate authorities to trust",
    "PROMETHEUS_CLIENT_CERT": "a file: a client certificate",
    "PROMETHEUS_CLIENT_KEY": "a file: its key, where it is not in the same",
    "PROMETHEUS_HEADERS_FILE": "a file of headers, one per line: X-Scope-OrgID: team-a",
}
"""The environment variables that :func:`from_environment` reads, for ``--help`` and the documentation."""


def from_environment(url: str | None, environment: Mapping[str, str]) -> Connection:
    """The connection that the user has set up.

    Args:
        url: the address given on the command line; else ``PROMETHEUS_URL``.
        environment: see :data:`VARIABLES`.

    Raises:
        UserError: no address, an address with a secret in it, a file that cannot be read, or contradictory settings.
    """
    address = url or environment.get("PROMETHEUS_URL")
    if not address:
        raise UserError("no Prometheus is named", hint="give --prometheus URL or set PROMETHEUS_URL")
    token = _secret(environment, "PROMETHEUS_TOKEN")
    user = environment.get("PROMETHEUS_USER")
    password = _secret(environment, "PROMETHEUS_PASSWORD")
    if (user is None) != (password is None):
        missing = "PROMETHEUS_USER" if user is None else "PROMETHEUS_PASSWORD or PROMETHEUS_PASSWORD_FILE"
        raise UserError("basic authentication needs a user and a password", hint=f"set {missing} as well")
    if token is not None and user is not None:
        raise UserError(
            "a bearer token and a basic user are both set", hint="unset PROMETHEUS_TOKEN* or PROMETHEUS_USER"
        )
    certificate, key = (_file(environment, f"PROMETHEUS_CLIENT_{name}") for name in ("CERT", "KEY"))
    if key and not certificate:
        raise UserError("a client key without its certificate", hint="set PROMETHEUS_CLIENT_CERT as well")
    headers_file = environment.get("PROMETHEUS_HEADERS_FILE")
    return Connection(
        url=checked_url(address),
        token=token,
        basic=(user, password) if user is not None and password is not None else None,
        ca_cert=_file(environment, "PROMETHEUS_CA_CERT"),
        client_cert=(certificate, key) if certificate and key else certificate,
        headers=read_headers(headers_file, "PROMETHEUS_HEADERS_FILE") if headers_file else {},
    )


def checked_url(url: str) -> str:
    """The URL without a slash at its end.

    Raises:
        UserError: it is no HTTP address, or it could hold a secret, which then is not repeated.
    """
    try:
        return base_url(url)
    except ValueError as error:
        raise UserError(
            f"the address {error}",
            hint="write it like http://prometheus.example:9090; secrets go into PROMETHEUS_TOKEN_FILE,\n"
            "PROMETHEUS_USER with PROMETHEUS_PASSWORD_FILE, or PROMETHEUS_HEADERS_FILE",
        ) from None


def _secret(environment: Mapping[str, str], name: str) -> SecretStr | None:
    """The secret from ``NAME`` or from the file that ``NAME_FILE`` names."""
    value, path = environment.get(name), environment.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise UserError(f"{name} and {name}_FILE are both set", hint="unset one of them")
    if path is not None:
        value = read_file(path, f"{name}_FILE").rstrip("\r\n")
    if value is None:
        return None
    if not value or not value.isprintable() or not value.isascii():
        raise UserError(
            "a secret is empty or has characters that a header cannot carry",
            where=name if path is None else f"{name}_FILE",
        )
    return SecretStr(value)


def _file(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(name)
    if not path:
        return None
    if not Path(path).is_file():
        raise UserError(f"there is no file {path}", where=name)
    return path
