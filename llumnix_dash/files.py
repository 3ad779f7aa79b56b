"""Files that are replaced whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from llumnix_dash.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Replaces the file's content in one step; folders that are missing are made.

    A reader sees the old text or the new one, never a part. The file gets the mode that a plain ``open`` gives it, or
    keeps the mode that it has.

    Raises:
        UserError: the file cannot be written; it is then as it was.
    """
    with replacing(path) as stream:
        stream.write(text)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """As :func:`write_text`, for a text too long to hold: what is written to the stream becomes the file at the end.

    Raises:
        UserError: the file cannot be written; it is then as it was.
    """
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}", hint="choose a folder that you may write to"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
