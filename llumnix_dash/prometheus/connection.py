"""How to reach a Prometheus: its URL, and the credentials, which come from the environment or from files only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from llumnix_dash.errors import UserError

VARIABLES = {
    "PROMETHEUS_URL": "its address, where --prometheus does not say",
    "PROMETHEUS_TOKEN[_FILE]": "a bearer token, or a file that holds it",
    "PROMETHEUS_USER": "the user of basic authentication",
    "PROMETHEUS_PASSWORD[_FILE]": "its password, or a file that holds it",
    "PROMETHEUS_CA_CERT": "a file: the certificate authorities to trust",
    "PROMETHEUS_CLIENT_CERT": "a file: a client certificate",
    "PROMETHEUS_CLIENT_KEY": "a file: its key, where it is not in the same",
    "PROMETHEUS_HEADERS_FILE": "a file of headers, a line each: X-Scope-OrgID: team-a",
}
"""The environment variables that :func:`from_environment` reads, for ``--help`` and the documentation."""


@dataclass(frozen=True)
class Connection:
    """A Prometheus' address and how to authenticate there. What is secret is in no repr."""

    url: str
    token: str | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    ca_cert: str | None = None
    client_cert: tuple[str, str] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hide_secrets(self, text: str) -> str:
        """The text, as a server wrote it, without the credentials and the values of the headers."""
        secrets = (self.token, self.basic[1] if self.basic else None, *self.headers.values())
        for secret in filter(None, secrets):
            text = text.replace(secret, "[hidden]")
        return text


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
    return Connection(
        url=checked_url(address),
        token=token,
        basic=(user, password) if user is not None and password is not None else None,
        ca_cert=_file(environment, "PROMETHEUS_CA_CERT"),
        client_cert=(certificate, key) if certificate and key else certificate,
        headers=_headers(environment),
    )


def checked_url(url: str) -> str:
    """The URL without a slash at its end.

    Raises:
        UserError: it is no HTTP address, or it could hold a secret, which then is not repeated.
    """
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    if parts.username is not None or parts.password is not None:
        raise UserError(
            "the URL holds a user or a password, which other users of this machine can read",
            hint="set PROMETHEUS_USER and PROMETHEUS_PASSWORD_FILE, and leave them out of the URL",
        )
    if parts.query or parts.fragment:
        raise UserError(
            "the URL holds more than an address: what follows ? or #",
            where=f"{parts.scheme}://{parts.netloc}{parts.path}",
            hint="pass a token with PROMETHEUS_TOKEN_FILE, a header with PROMETHEUS_HEADERS_FILE",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_valid:
        raise UserError(f"{url!r} is not an HTTP address", hint="write it like http://prometheus.example:9090")
    return url.rstrip("/")


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    """The secret from ``NAME`` or from the file that ``NAME_FILE`` names."""
    value, path = environment.get(name), environment.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise UserError(f"{name} and {name}_FILE are both set", hint="unset one of them")
    if path is not None:
        value = _read(Path(path), f"{name}_FILE").rstrip("\r\n")
    if value is None:
        return None
    if not value or not value.isprintable() or not value.isascii():
        raise UserError(
            "a secret is empty or has characters that a header cannot carry",
            where=name if path is None else f"{name}_FILE",
        )
    return value


def _file(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(name)
    if not path:
        return None
    if not Path(path).is_file():
        raise UserError(f"there is no file {path}", where=name)
    return path


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    path = environment.get("PROMETHEUS_HEADERS_FILE")
    if not path:
        return {}
    headers = {}
    for number, line in enumerate(_read(Path(path), "PROMETHEUS_HEADERS_FILE").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(character.isspace() for character in name.strip()):
            raise UserError("not a header", where=f"{path}:{number}", hint="write a line each: Name: value")
        headers[name.strip()] = value.strip()
    return headers


def _read(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"cannot read {path}: {reason}", where=where) from error
