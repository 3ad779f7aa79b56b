"""What shall be on the server: our own dashboards by name, and any classic dashboard's JSON by path."""

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.encoding import decoded
from llumnix_dash.grafana.settings import HOW_TO_GIVE_A_SECRET

_LOOKS_LIKE_A_SECRET = re.compile(r"^(glsa_|glc_|eyJrIjoi)")


@dataclass(frozen=True)
class Wanted:
    """One dashboard to be there; ``name`` is its file name, for pull and messages."""

    name: str
    dashboard: dict[str, Any]

    @property
    def uid(self) -> str:
        """The dashboard's uid."""
        return str(self.dashboard["uid"])

    @property
    def title(self) -> str:
        """The dashboard's title."""
        return str(self.dashboard["title"]).strip()


def load(inputs: Sequence[str] = ()) -> list[Wanted]:
    """The dashboards of these names and paths, in their order; all of our own for none.

    Raises:
        UserError: a name is unknown, a file cannot be read or is no classic dashboard, or two have one uid.
    """
    for text in inputs:
        if _LOOKS_LIKE_A_SECRET.match(text):
            raise UserError(
                "an argument looks like a secret; arguments are seen by everybody", hint=HOW_TO_GIVE_A_SECRET
            )
    names = [text for text in inputs if not _is_path(text)]
    found: list[Wanted] = []
    if names or not inputs:
        from llumnix_dash.generate import load_dashboards  # noqa: PLC0415 (builds every dashboard: only if one is asked for)

        found += [_checked(name, dashboard, name) for name, dashboard in load_dashboards(names).items()]
    for text in inputs:
        if _is_path(text):
            found += [_read(path) for path in _files(Path(text))]
    _refuse_twins(found)
    return found


def is_whole_set(inputs: Sequence[str]) -> bool:
    """Whether the inputs name whole sets, all of our own or folders, so that "no longer in the set" means something."""
    return all(Path(text).is_dir() for text in inputs)


def _is_path(text: str) -> bool:
    return text.endswith(".json") or "/" in text or Path(text).exists()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.json"))
    if not files:
        raise UserError(f"the folder {path} has no .json file", hint="name a folder of dashboards, or a file")
    return files


def _read(path: Path) -> Wanted:
    try:
        dashboard = decoded(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", hint="check the path") from None
    except json.JSONDecodeError as error:
        raise UserError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}:{error.colno}") from None
    return _checked(path.name, dashboard, str(path))


def _checked(name: str, dashboard: Any, where: str) -> Wanted:
    if not isinstance(dashboard, dict):
        raise UserError("not a dashboard: the JSON is no object", where=where)
    if isinstance(dashboard.get("dashboard"), dict):
        raise UserError(
            "this is an API answer or request, not a bare dashboard",
            where=where,
            hint="keep only what is under its dashboard key",
        )
    if "elements" in dashboard or ("spec" in dashboard and "apiVersion" in dashboard):
        raise UserError(
            "this is a dashboard of schema v2 or a k8s object; push takes classic dashboards",
            where=where,
            hint="export it from Grafana in the classic format",
        )
    uid, title = dashboard.get("uid"), dashboard.get("title")
    if not isinstance(uid, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid.strip()):
        raise UserError(
            "the dashboard needs a uid of at most 40 letters, digits, _ or -",
            where=where,
            hint="give it one that stays: it is how the next push finds the dashboard",
        )
    if not isinstance(title, str) or not title.strip() or len(title) > 5000:
        raise UserError("the dashboard needs a title of at most 5000 characters", where=where)
    return Wanted(name=name, dashboard={**dashboard, "uid": uid.strip()})


def _refuse_twins(found: Sequence[Wanted]) -> None:
    seen: dict[str, Wanted] = {}
    for wanted in found:
        twin = seen.setdefault(wanted.uid, wanted)
        if twin is not wanted:
            raise UserError(
                f"two dashboards have the uid {wanted.uid}",
                where=f"{twin.name} and {wanted.name}",
                hint="push one of them",
            )
