"""From alerts and the catalogue to pages: what is generated in ``docs``, between marks where people write the rest."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llumnix_dash.errors import UserError
from llumnix_dash.reference.alerts import RUNBOOKS, cases, head_of_runbook, table_of_alerts
from llumnix_dash.reference.metrics import metrics_page
from llumnix_dash.rulefiles import ALERTS_FILE, RECORDING_FILE, RuleFile

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

Json = Mapping[str, Any]

DOCS = "docs"
BEGIN, END = "<!-- generated -->", "<!-- /generated -->"
HEADINGS = (
    "What it means for users",
    "How to tell it from its neighbours",
    "What to do",
    "When it is a false alarm",
    "How it was tested",
)
"""What a person writes in each runbook."""


class Page(NamedTuple):
    """A page of the documentation.

    Attributes:
        file_name: below the checkout.
        text: its content.
    """

    file_name: str
    text: str


def checkout_of(output_dir: Path) -> Path | None:
    """The folder of the checkout that runs, where these are its dashboards' files and it has runbooks; else None.

    Other people's folders get no pages of ours.
    """
    root = Path(__file__).resolve().parents[2]
    ours = output_dir.resolve() == root / "deploy/observability"
    return root if ours and (root / DOCS / RUNBOOKS).is_dir() else None


def pages(root: Path, dashboards: Mapping[str, Json], rules: Iterable[RuleFile], site: "Site") -> list[Page]:
    """The pages as they should be, with what people have written in them kept.

    Args:
        root: the checkout, whose pages are read.
        dashboards: uid -> dashboard.
        rules: the rule files.
        site: the settings that all of it was made with.

    Raises:
        UserError: a page cannot be read, or has no place for its generated part.
    """
    read = {one.file_name: one.rules for one in rules}
    by_name = cases(read[ALERTS_FILE])
    return [
        *(
            _kept(root, f"{DOCS}/{RUNBOOKS}/{name}.md", head_of_runbook(alike, site), _new(name, HEADINGS))
            for name, alike in by_name.items()
        ),
        _kept(root, f"{DOCS}/alerts.md", table_of_alerts(by_name), _new("Alerts")),
        Page(f"{DOCS}/metrics.md", metrics_page(dashboards, by_name, read[RECORDING_FILE])),
    ]


def _kept(root: Path, file_name: str, generated: str, new: str) -> Page:
    """The page with its generated part in place; a new one where there is none."""
    path = root / file_name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = new
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(f"{path} has no place for what is generated", hint=f"a line {BEGIN}, and a line {END} below it")
    return Page(file_name, f"{before}{BEGIN}\n\n{generated.strip()}\n\n{END}{after}")


def _new(title: str, headings: Sequence[str] = ()) -> str:
    return f"# {title}\n\n{BEGIN}\n{END}\n" + "".join(f"\n## {heading}\n" for heading in headings)
