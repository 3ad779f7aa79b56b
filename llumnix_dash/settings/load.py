"""Finding and reading the settings file; every fault is told with the file and the line."""

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from llumnix_dash.errors import UserError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from llumnix_dash.settings.site import Site

FILE_NAME = "llumnix-dash.toml"


def find(folder: Path) -> Path | None:
    """The settings file of a folder, if it has one."""
    path = folder / FILE_NAME
    return path if path.is_file() else None


def load(path: Path) -> "Site":
    """The settings of a file.

    Raises:
        UserError: it cannot be read, is no TOML, has a key that there is not, or a value that cannot be.
    """
    from pydantic import ValidationError  # noqa: PLC0415  # slow, and most runs have no settings file

    from llumnix_dash.settings.site import Site  # noqa: PLC0415

    try:
        text = path.read_text(encoding="utf-8")
        return Site.model_validate(tomllib.loads(text))
    except OSError as error:
        raise UserError(f"cannot read the settings: {error.strerror or error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UserError("the settings are not UTF-8", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise UserError(
            f"the settings are not TOML: {error}", where=f"{path}:{line[1]}" if line else str(path)
        ) from error
    except ValidationError as error:
        raise _told(error.errors()[0], path, text, Site) from error


def _told(error: Any, path: Path, text: str, model: "type[BaseModel]") -> UserError:
    keys = [str(key) for key in error["loc"]]
    where = f"{path}:{_line(text, keys)}" if keys else str(path)
    if error["type"] != "extra_forbidden":
        message = str(error["msg"]).removeprefix("Value error, ")
        return UserError(f"{'.'.join(keys)}: {message}" if keys else message, where=where)
    known = _keys_of(model, keys[:-1])
    return UserError(
        f"there is no setting {'.'.join(keys)}",
        where=where,
        detail=f"there are: {', '.join(known)}",
        hint=nearest(keys[-1], known),
    )


def _keys_of(model: "type[BaseModel]", sections: list[str]) -> list[str]:
    """The keys of a section; that of a table whose keys are names, such as models, are those of its values."""
    within: Any = model
    for section in sections:
        if named := get_args(within):
            within = named[-1]
        else:
            within = within.model_fields[section].annotation
    return list(getattr(within, "model_fields", {}))


def _line(text: str, keys: list[str]) -> int:
    """The line on which a key stands, or its table's where the key cannot be found."""
    table, best = [""], 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[[^\[].*\])\s*(#.*)?$", line):
            table = _path(header[1])
            if keys[: len(table)] == table:
                best = number
        elif assignment := re.match(r"([^=#]+)=", line):
            name = [*filter(None, table), *_path(f"{assignment[1]}= 0")]
            if name == keys[: len(name)]:
                return number
    return best


def _path(toml: str) -> list[str]:
    """The keys that lead to a table or a value, from its one line of TOML; a name that nothing has where it is none."""
    try:
        value: Any = tomllib.loads(toml)
    except tomllib.TOMLDecodeError:
        return [toml]
    keys = []
    while isinstance(value, dict) and value:
        [(key, value)] = value.items()
        keys.append(key)
    return keys
