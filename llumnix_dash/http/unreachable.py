"""Errors for a connection that did not come about: DNS, TLS, a proxy, a closed port, silence.

They are told by the exceptions' types and codes, never by their texts: those hold the URL, and a dashboard's uid may
be ``ssl-certificates``.
"""

import socket
import ssl
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import requests
import urllib3

from llumnix_dash.errors import ServerError, UserError

_NOT_YET_VALID, _EXPIRED, _WRONG_HOST_NAME, _WRONG_ADDRESS = 9, 10, 62, 64  # OpenSSL's X509_V_ERR_…
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})
_CLIENT_CERTIFICATE = frozenset(
    {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE", "SSL/TLS_ALERT_HANDSHAKE_FAILURE"}
)


class Names(NamedTuple):
    """What the settings of a kind of server are called, for the hints of errors."""

    server: str
    url: str
    authority: str
    client_certificate: str


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was raised from, outermost first, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]


def has_cause(error: BaseException, *types: type[BaseException]) -> bool:
    """Whether the error, or what it was raised from, is of one of these types."""
    return any(isinstance(cause, types) for cause in causes(error))


def unreachable(error: BaseException, where: str, host: str, names: Names) -> UserError:  # noqa: PLR0911 (one a cause)
    """The error for a connection that did not come about; never quotes the library's text, which may hold secrets."""
    if has_cause(error, requests.exceptions.InvalidSchema) and any(
        address.lower().startswith("socks") for address in urllib.request.getproxies().values()
    ):
        return UserError(
            "the environment names a SOCKS proxy, for which a package is missing",
            where=where,
            hint="pip install pysocks; or use an HTTP proxy, or name the host in NO_PROXY to go around the proxy",
        )
    if has_cause(error, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
        # The server's own address was checked before: it is the proxy's that requests does not take.
        return UserError(
            "the proxy that the environment names cannot be used",
            where=where,
            hint="check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
        )
    if has_cause(error, urllib3.exceptions.ProxyError):
        # Python's http.client raises a plain OSError with the proxy's status, which has no type of its own.
        if any(type(cause) is OSError and " 407 " in f"{cause} " for cause in causes(error)):
            return proxy_asks(where)
        return ServerError(
            "the proxy does not let the request through",
            where=where,
            hint="check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY to go around the proxy",
        )
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, where, host, names)
    if has_cause(error, socket.gaierror):
        return ServerError(
            f"there is no host of the name {host}",
            where=where,
            hint=f"check {names.url} for a typing error, and that this machine's DNS knows the name (VPN?)",
        )
    if has_cause(error, requests.exceptions.Timeout, TimeoutError):
        return ServerError(
            f"{host} does not answer in time", where=where, hint="check that this machine may reach it (VPN, firewall)"
        )
    if has_cause(error, ConnectionRefusedError):
        return ServerError(
            f"{host} refuses the connection",
            where=where,
            hint=f"check the port in {names.url} and that {names.server} runs",
        )
    return ServerError(
        f"the connection to {host} was lost", where=where, hint="run the command again; what is done is not done twice"
    )


def _tls(error: ssl.SSLError, where: str, host: str, names: Names) -> ServerError:  # noqa: PLR0911 (one a cause)
    if error.reason in _NO_TLS:
        return ServerError(
            f"{host} does not speak TLS on this port", where=where, hint=f"use http:// in {names.url}, or the TLS port"
        )
    if error.reason in _CLIENT_CERTIFICATE:
        return ServerError(
            f"{host} asks for a client certificate", where=where, hint=f"give one with {names.client_certificate}"
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ServerError(
            f"{host} breaks off the TLS connection",
            where=where,
            hint=f"if the server asks for a client certificate, give one with {names.client_certificate}",
        )
    if error.verify_code in {_WRONG_HOST_NAME, _WRONG_ADDRESS}:
        return ServerError(
            f"the server's certificate is not for {host}",
            where=where,
            hint=f"use the name that the certificate was made for in {names.url}",
        )
    if error.verify_code == _NOT_YET_VALID:
        return ServerError(
            f"the certificate of {host} is not valid yet",
            where=where,
            hint="check this machine's clock; if it is right, have the certificate made anew",
        )
    if error.verify_code == _EXPIRED:
        return ServerError(f"the certificate of {host} has expired", where=where, hint="have the certificate renewed")
    return ServerError(
        f"the certificate of {host} is not signed by an authority that is known here",
        where=where,
        hint=f"give your authority's certificate with {names.authority}",
    )


def proxy_asks(where: str) -> ServerError:
    """The error for a forward proxy that wants credentials of its own."""
    return ServerError(
        "the proxy asks for a user and a password",
        where=where,
        hint="give them in HTTPS_PROXY or HTTP_PROXY: http://user:password@proxy.example:3128",
    )
