"""PromQL's trees, of any text."""

import re
from typing import Any

# A range or an offset beyond all bounds, on which the parser's native part panics and says so on stderr.
_ENDLESS = re.compile(r"(?:\[|:|\boffset\s+-?)\s*\d{16,}")


def parsed(text: str) -> Any:
    """The tree of a query as promql-parser reads it; None where it does not parse."""
    import promql_parser  # noqa: PLC0415  # native, and most comparisons never need it

    if _ENDLESS.search(text):
        return None
    try:
        return promql_parser.parse(text)
    except (ValueError, KeyError, RecursionError, OverflowError):
        return None
    except BaseException as error:
        # What the native part did not foresee is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        return None
