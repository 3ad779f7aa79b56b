"""What a variable makes of a query that its author hardly meant, such as a regular expression compared with ``=``.

Grafana writes All and several values as ``(a|b)``, or All as the variable's ``allValue``. That is a pattern, and means
something else wherever a pattern is not expected; the query then has no series, or the wrong ones.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from llumnix_dash.interpolation.interpolate import (
    ALL_TEXT,
    REFERENCE,
    VariableValue,
    VariableValues,
    interpolate,
    name_in,
)

# A string, and what is compared with it for equality.
_STRING = re.compile(
    r"(?:\b(?P<label>\w+)\s*(?P<operator>!=|=)\s*)?"
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""",
    re.DOTALL,
)
_PATTERN = re.compile(r"[()|*+?\[\]]")


def doubts(expr: str, scope: VariableValues) -> tuple[str, ...]:
    """What is doubtful about a query's variables, each once.

    Args:
        expr: the query before interpolation.
        scope: the variables by name.
    """
    return tuple(dict.fromkeys(_doubts(expr, scope)))


def _doubts(expr: str, scope: VariableValues) -> Iterator[str]:
    references, strings = list(REFERENCE.finditer(expr)), list(_STRING.finditer(expr))
    starts = [one.start("text") for one in strings]
    # A query names the same few variables dozens of times.
    as_written = {text: interpolate(text, scope) for text in {match[0] for match in references}}
    for match in references:
        variable = scope.get(name_in(match))
        if variable is None or _has_no_value(variable) or not _is_pattern(variable):
            continue
        written = as_written[match[0]]
        if not _PATTERN.search(written):
            continue
        of_all = f"{ALL_TEXT} of" if _is_all(variable) else "several values of"
        before = bisect_left(starts, match.start())
        string = strings[before - 1] if before else None
        if string is None or match.start() >= string.end():
            yield f"{of_all} ${variable.name} is written as the pattern {written}, outside of quotes"
        elif string["operator"]:
            label, operator = string["label"], string["operator"]
            yield (
                f"{of_all} ${variable.name} is the pattern {written}, and {label}{operator} takes it for a plain text:"
                f" {label}{'=~' if operator == '=' else '!~'}"
            )
        elif "()" in written and written != "()":
            yield f"{of_all} ${variable.name} is written as {written}, in which a variable has no value"


def valueless(expr: str, scope: VariableValues) -> tuple[str, ...]:
    """The names of a query's variables that have no value to be written, since their lists are empty."""
    found = (scope.get(name_in(match)) for match in REFERENCE.finditer(expr))
    return tuple(dict.fromkeys(one.name for one in found if one and _has_no_value(one)))


def _has_no_value(variable: VariableValue) -> bool:
    return not variable.options and variable.value in ("", ()) and variable.all_value is None


def _is_all(variable: VariableValue) -> bool:
    return variable.text == ALL_TEXT


def _is_pattern(variable: VariableValue) -> bool:
    """Whether it is written as a pattern: a single value is not, but for an ``allValue``."""
    several = not isinstance(variable.value, str) and len(variable.value) != 1
    return variable.all_value is not None or (variable.several and several)
