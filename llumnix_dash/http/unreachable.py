"""Errors for a connection that did not come about: DNS, TLS, a proxy, a closed port, silence."""

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.failures import proxy_asks


def unreachable(error: BaseException, where: str, host: str) -> ServerError:  # noqa: PLR0911 (one a cause)
    """The error for a connection that did not come about; never quotes the library's text, which may hold secrets."""
    chain = " ".join(_names_and_texts(error)).lower()
    if "proxyerror" in chain and "407" in chain:
        return proxy_asks(where)
    if "proxyerror" in chain:
        return ServerError(
            "the proxy does not let the request through",
            where=where,
            hint="check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY to go around the proxy",
        )
    if "ssl" in chain or "certificate" in chain:
        return _tls(chain, where, host)
    if "nameresolution" in chain or "getaddrinfo" in chain or "name or service not known" in chain:
        return ServerError(
            f"there is no host of the name {host}",
            where=where,
            hint="check GRAFANA_URL for a typing error, and that this machine's DNS knows the name (VPN?)",
        )
    if "timeout" in chain or "timed out" in chain:
        return ServerError(
            f"{host} does not answer in time", where=where, hint="check that this machine may reach it (VPN, firewall)"
        )
    if "refused" in chain:
        return ServerError(
            f"{host} refuses the connection", where=where, hint="check the port in GRAFANA_URL and that Grafana runs"
        )
    return ServerError(
        f"the connection to {host} was lost", where=where, hint="run the command again; what is done is not done twice"
    )


def _tls(chain: str, where: str, host: str) -> ServerError:
    if "wrong_version_number" in chain or "wrong version number" in chain or "record layer" in chain:
        return ServerError(
            f"{host} does not speak TLS on this port", where=where, hint="use http:// in GRAFANA_URL, or the TLS port"
        )
    if "hostname mismatch" in chain or "doesn't match" in chain or "not valid for" in chain:
        return ServerError(
            f"the server's certificate is not for {host}",
            where=where,
            hint="use the name that the certificate was made for in GRAFANA_URL",
        )
    if "certificate has expired" in chain:
        return ServerError(f"the certificate of {host} has expired", where=where, hint="have the certificate renewed")
    if "certificate required" in chain or "handshake failure" in chain or "certificate_required" in chain:
        return ServerError(
            f"{host} asks for a client certificate", where=where, hint="give one with --client-cert and --client-key"
        )
    if "certificate verify failed" in chain:
        return ServerError(
            f"the certificate of {host} is not signed by an authority that is known here",
            where=where,
            hint="give your authority's certificate with --ca-cert FILE (or, for a test server only, --insecure)",
        )
    return ServerError(
        f"{host} breaks off the TLS connection",
        where=where,
        hint="if the server asks for a client certificate, give one with --client-cert and --client-key",
    )


def _names_and_texts(error: BaseException) -> list[str]:
    found: list[str] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 40:
        current = waiting.pop(0)
        if isinstance(current, BaseException):
            found += [type(current).__name__, str(current)]
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return found
