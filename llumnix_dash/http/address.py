"""The address of a server, checked before anything is sent there."""

from urllib.parse import urlsplit

import requests


def base_url(url: str) -> str:
    """The URL without a slash at its end.

    Raises:
        ValueError: it is no HTTP address, or could hold a secret; says so without repeating it.
    """
    if not url.isprintable() or " " in url:
        raise ValueError("holds blanks or line breaks")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("holds a user or a secret before the @")
    if not url.startswith(("http://", "https://")):
        raise ValueError("must be a whole address, such as https://host.example or https://host.example/path")
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # refuses a label of more than 63 characters, and an empty one
        requests.Request("GET", url).prepare()
        possible = bool(parts.hostname) and parts.port != 0
    except ValueError:  # also requests' InvalidURL, and UnicodeError
        possible = False
    if not possible:
        raise ValueError("is not a URL: no host has such a name, or no such port exists")
    if parts.query or parts.fragment:
        raise ValueError("must end with the server's path: leave out everything from the ? or # on")
    return url.rstrip("/")
