"""Secrets that come from files: tokens, passwords, and headers for what stands in front of a server."""

import re
from pathlib import Path

from pydantic import SecretStr

from llumnix_dash.errors import UserError

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def read_file(path: str, source: str) -> str:
    """The text of a file that a setting names.

    Raises:
        UserError: it cannot be read; names the setting.
    """
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UserError(
            f"{source}: cannot read the file: {reason}", hint="set it to the path of a file that holds nothing else"
        ) from None


def read_headers(path: str, source: str) -> dict[str, SecretStr]:
    """The headers of a file, one ``Name: value`` on each line; empty lines and those that begin with # do not count.

    Raises:
        UserError: it cannot be read, or a line is no header; names the line and does not repeat it.
    """
    headers = {}
    for number, line in enumerate(read_file(path, source).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _HEADER_NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise UserError(f"{source}: not a header", where=f"{path}:{number}", hint="write one per line: Name: value")
        headers[name] = SecretStr(value)
    return headers
