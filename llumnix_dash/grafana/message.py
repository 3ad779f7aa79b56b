"""The text of a push in Grafana's version history."""

import subprocess

from llumnix_dash import __version__
from llumnix_dash.errors import UserError
from llumnix_dash.grafana.marker import MESSAGE_ROOM


def message_or_default(message: str | None) -> str:
    """The user's message, or our version and, in a checkout, its commit.

    Raises:
        UserError: it is longer than Grafana takes.
    """
    if message is None:
        commit = _commit()
        return f"llumnix-dash {__version__}" + (f", commit {commit}" if commit else "")
    if len(message) > MESSAGE_ROOM:
        raise UserError(
            f"the message has {len(message)} characters, Grafana keeps at most {MESSAGE_ROOM} beside our marker",
            hint="shorten --message",
        )
    return message


def _commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
