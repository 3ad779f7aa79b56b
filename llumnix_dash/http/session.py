"""A session with a server: TLS, authentication, headers, and connections that are kept."""

import base64
import os
import warnings
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import requests
import urllib3
from pydantic import ConfigDict, SecretStr
from pydantic.dataclasses import dataclass
from requests.auth import AuthBase

from llumnix_dash import __version__
from llumnix_dash.errors import UserError


@dataclass(frozen=True, config=ConfigDict(hide_input_in_errors=True))
class Connection:
    """Where a server is and how to authenticate there. What is secret is in no repr.

    Attributes:
        url: checked by :func:`llumnix_dash.http.address.base_url`.
        token: a bearer token.
        basic: a user and a password.
        ca_cert: a file with the certificate authorities to trust.
        client_cert: a file with a certificate and its key, or one for each.
        insecure: whether the server's certificate is not checked.
        headers: further ones that go with each request.
    """

    url: str
    token: SecretStr | None = None
    basic: tuple[str, SecretStr] | None = None
    ca_cert: str | None = None
    client_cert: tuple[str, str] | str | None = None
    insecure: bool = False
    headers: Mapping[str, SecretStr] = field(default_factory=dict)

    def hide_secrets(self, text: str) -> str:
        """The text, as a server wrote it, without the credentials and the values of the headers."""
        for secret in (self.token, self.basic[1] if self.basic else None, *self.headers.values()):
            if secret:
                text = text.replace(secret.get_secret_value(), "[hidden]")
        return text


class _Credentials(AuthBase):
    """Signs in by an object that requests asks, so that no ~/.netrc takes its place and no header is kept in view."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        connection = self._connection
        request.headers.update({name: value.get_secret_value() for name, value in connection.headers.items()})
        if connection.token:
            request.headers["Authorization"] = f"Bearer {connection.token.get_secret_value()}"
        elif connection.basic:
            user, password = connection.basic
            pair = f"{user}:{password.get_secret_value()}".encode()
            request.headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return request


class Session:
    """Requests to one server, from any number of threads; no two at once share a connection, and each is kept.

    Args:
        connection: where the server is and how to sign in.
        headers: further ones that are no secret.
    """

    def __init__(self, connection: Connection, headers: Mapping[str, str] | None = None) -> None:
        self.connection = connection
        self._headers = headers or {}
        # Appending and popping need no lock.
        self._idle: list[requests.Session] = []
        if connection.insecure:
            warnings.filterwarnings("ignore", message="Unverified HTTPS request")

    def request(self, method: str, path: str, *, allow_redirects: bool = False, **options: Any) -> requests.Response:
        """The answer to one request; the options are those of requests.

        Raises:
            requests.RequestException: there is none.
            UserError: the environment names certificate authorities that are not there.
        """
        url = self.connection.url + path
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._new_session()
        try:
            return session.request(method, url, allow_redirects=allow_redirects, **options)
        except (urllib3.exceptions.LocationParseError, UnicodeError):
            # Our own URL was checked: this is a proxy's host, which requests passes on unchecked.
            raise requests.exceptions.InvalidProxyURL from None
        finally:
            self._idle.append(session)

    def _new_session(self) -> requests.Session:
        connection, session = self.connection, requests.Session()
        merged = session.merge_environment_settings(
            url=connection.url,
            proxies={},
            stream=False,
            verify=False if connection.insecure else connection.ca_cert or True,
            cert=connection.client_cert,
        )
        session.proxies, session.verify, session.cert = merged["proxies"], merged["verify"], merged["cert"]
        if isinstance(session.verify, str) and not Path(session.verify).exists():
            variable = "REQUESTS_CA_BUNDLE" if os.environ.get("REQUESTS_CA_BUNDLE") else "CURL_CA_BUNDLE"
            raise UserError(
                "there is no file with certificate authorities where the environment names one",
                where=f"{variable}={session.verify}",
                hint=f"set {variable} to a file in PEM form, or unset it",
            )
        # The environment has been asked, once: with each request it would cost as much as a short request itself.
        session.trust_env = False
        session.auth = _Credentials(connection)
        session.headers["User-Agent"] = f"llumnix-dash/{__version__}"
        session.headers.update(self._headers)
        return session
