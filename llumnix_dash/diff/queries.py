"""Query texts: whether two are the same query, how alike two are, and where they differ."""

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from llumnix_dash.parsing import parsed
from llumnix_dash.report.marks import Span

# $name, ${name}, ${name.field}, ${name:format}, [[name]], [[name:format]]
VARIABLE = re.compile(r"\$(?P<plain>\w+)|\$\{(?P<braced>\w+(?:\.[^:^}]+)?(?::[^}]+)?)\}|\[\[(?P<old>\w+(?::\w+)?)\]\]")

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`')
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"[\w:$]+")
_NESTS = re.compile(r"[(+*/%^<>=!-]|\b(?:or|and|unless|atan2)\b")
_METRIC = re.compile(r"(?<![\w:$])[a-zA-Z_:$][\w:]*(?!\s*\()(?![\w:])")
_NO_METRIC = re.compile(
    r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
    r"|\b(?:by|without|on|ignoring|group_left|group_right|or|and|unless|bool|offset|atan2)\b"
)
# The parser rounds or clamps such a time, so two different ones would look the same.
_INEXACT_TIME = re.compile(r"@\s*(?:[-+]|\d*\.\d{4}|\d{12}|\d[\d.]*[eExX])")

# The parser is recursive and native: far deeper than any real query it would overflow the stack.
_MOST_NESTED = 250
_LONGEST_PARSED = 50_000
_MOST_TOKENS_MARKED = 1_500
_BY_NAME = ("__name__", "MatchOp.Equal")
_PLACEHOLDER = re.compile(r"grafana_variable_(\d+)")
_IN_STRING = re.compile(r"<variable ([^>]*)>")


def variable_name(match: re.Match[str]) -> str:
    """The one spelling of a Grafana variable: ``$x``, ``${x}`` and ``[[x]]`` are all ``x``."""
    return next(name for name in match.groups() if name)


def same_query(old: str, new: str) -> bool:
    """Whether the two PromQL texts parse to the same query, so that they differ in formatting only.

    Grafana's variables stand for anything: the same variable is the same thing, two variables never are. A text that
    does not parse as PromQL is the same only when it is equal.
    """
    if old == new:
        return True
    if not (_parseable(old) and _parseable(new)):
        return False
    variables = _Placeholders()
    for as_number in (True, False):
        forms = [_canonical(variables.fill(text, as_number=as_number)) for text in (old, new)]
        if None not in forms:
            return forms[0] == forms[1]
    return False


def metrics(text: str) -> frozenset[str]:
    """The metrics that a query names, a variable where one stands for a metric as ``$name``.

    In a text that is no PromQL these are the names that are likely metrics: no function, label, keyword or string.
    """
    if _parseable(text):
        variables = _Placeholders()
        for as_number in (False, True):
            if (found := _selected(variables.fill(text, as_number=as_number))) is not None:
                return frozenset(map(variables.restored, found))
    return frozenset(_METRIC.findall(_NO_METRIC.sub(" ", _STRING.sub(" ", text))))


def _selected(text: str) -> set[str] | None:
    """The names of the metrics in a PromQL text; None where it does not parse."""
    import promql_parser  # noqa: PLC0415  # native, and most comparisons never need it

    names: set[str] = set()

    def visit(node: Any) -> None:
        vector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(vector, promql_parser.VectorSelector):
            equal = (one.value for one in vector.matchers.matchers if (one.name, str(one.op)) == _BY_NAME)
            names.update([vector.name] if vector.name else equal)

    if (tree := parsed(text)) is None:
        return None
    promql_parser.walk(tree, visit)
    return names


def words(text: str) -> frozenset[str]:
    """All names and numbers in a text."""
    return frozenset(_WORD.findall(text))


def differing(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """The spans (0-based, end excluded) of the old and the new text in which they differ, whole words at a time."""
    old_tokens, new_tokens = _TOKEN.findall(old), _TOKEN.findall(new)
    start = 0
    while start < min(len(old_tokens), len(new_tokens)) and old_tokens[start] == new_tokens[start]:
        start += 1
    end = 0
    while end < min(len(old_tokens), len(new_tokens)) - start and old_tokens[-1 - end] == new_tokens[-1 - end]:
        end += 1
    old_middle = old_tokens[start : len(old_tokens) - end]
    new_middle = new_tokens[start : len(new_tokens) - end]
    blocks = [(0, len(old_middle), 0, len(new_middle))]
    if len(old_middle) + len(new_middle) <= _MOST_TOKENS_MARKED:
        matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        blocks = [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
    return (
        _spans(old_tokens, [(start + a, start + b) for a, b, _, _ in blocks]),
        _spans(new_tokens, [(start + c, start + d) for _, _, c, d in blocks]),
    )


def _spans(tokens: Sequence[str], ranges: Iterable[Span]) -> list[Span]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return [(offsets[start], offsets[end]) for start, end in ranges if end > start]


def _parseable(text: str) -> bool:
    return (
        len(text) <= _LONGEST_PARSED
        and sum(1 for _ in _NESTS.finditer(text)) <= _MOST_NESTED
        and not _INEXACT_TIME.search(text)
    )


class _Placeholders:
    """Parseable text in the place of Grafana's variables: one thing for one variable, in all texts of a comparison."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def fill(self, text: str, *, as_number: bool) -> str:
        """The text with each variable replaced as its place demands: in a string, a duration, a name or a number."""
        filled = []
        position = 0
        for string in _STRING.finditer(text):
            filled.append(self._fill_code(text[position : string.start()], as_number=as_number))
            filled.append(VARIABLE.sub(lambda match: f"<variable {variable_name(match)}>", string[0]))
            position = string.end()
        filled.append(self._fill_code(text[position:], as_number=as_number))
        return "".join(filled)

    def _fill_code(self, code: str, *, as_number: bool) -> str:
        def placeholder(match: re.Match[str]) -> str:
            number = self._number(variable_name(match))
            before, after = code[: match.start()], code[match.end() :]
            if before.count("[") > before.count("]") or re.search(r"offset\s*-?\s*$", before):
                # ${__range_s}s has its unit written after it.
                return f"{number}" if re.match(r"(?:ms|[smhdwy])\b", after) else f"{number}ms"
            name = f"grafana_variable_{number}"
            in_name = re.match(r"[\w{\[]", after) or re.search(r"\w$", before)
            in_labels = before.count("{") > before.count("}") or re.search(
                r"(?:by|without|on|ignoring)\s*\([^)]*$", before
            )
            return f"{number}" if as_number and not in_name and not in_labels else name

        return VARIABLE.sub(placeholder, code)

    def restored(self, name: str) -> str:
        """A name that was filled in, with each variable as ``$name`` again."""
        by_number = {str(number): variable for variable, number in self._numbers.items()}
        named = _PLACEHOLDER.sub(lambda match: f"${by_number.get(match[1], match[1])}", name)
        return _IN_STRING.sub(r"$\1", named)

    def _number(self, name: str) -> int:
        # As milliseconds these are odd durations of about a day, which no person writes.
        return self._numbers.setdefault(name, 86_461_239 + 7 * len(self._numbers))


def _canonical(text: str) -> str | None:
    """One text for all texts of the same query; None for one that does not parse."""
    try:
        return None if (tree := parsed(text)) is None else _form(tree)
    except (KeyError, RecursionError):
        return None


def _form(node: Any) -> str:
    return _FORMS[type(node).__name__](node)


_FORMS: dict[str, Callable[[Any], str]] = {
    "ParenExpr": lambda node: _form(node.expr),
    "UnaryExpr": lambda node: f"-({_form(node.expr)})",
    "NumberLiteral": lambda node: repr(node.val),
    "StringLiteral": lambda node: repr(node.val),
    "BinaryExpr": lambda node: f"({_form(node.lhs)} {node.op} {_joining(node.modifier)} {_form(node.rhs)})",
    "AggregateExpr": lambda node: f"{node.op} {_grouping(node.modifier)} ({_parameter(node)}{_form(node.expr)})",
    "Call": lambda node: f"{node.func.name}({', '.join(map(_form, node.args))})",
    "SubqueryExpr": lambda node: f"{_form(node.expr)}[{node.range!r}:{node.step!r}] {_time(node)}",
    "MatrixSelector": lambda node: f"{_form(node.vector_selector)}[{node.range!r}]",
    "VectorSelector": lambda node: f"{_alternatives(node)} {_time(node)}",
}


def _grouping(modifier: Any) -> str:
    """The labels of ``by``, ``without``, ``on`` or ``ignoring``, whose order says nothing."""
    return f"{modifier.type} {sorted(set(modifier.labels))}" if modifier else ""


def _parameter(node: Any) -> str:
    return f"{_form(node.param)}, " if node.param else ""


def _joining(modifier: Any) -> str:
    if modifier is None:
        return ""
    fill = modifier.fill_values and (modifier.fill_values.lhs, modifier.fill_values.rhs)
    copied = sorted(set(modifier.group_labels or ()))
    return f"{_grouping(modifier.matching)} {modifier.card} {copied} {modifier.return_bool} {fill}"


def _alternatives(node: Any) -> list[list[tuple[str, str, str]]]:
    """The matchers of a selector, whose order says nothing, for each side of an ``or`` inside the braces."""
    alternatives = [*node.matchers.or_matchers] or [node.matchers.matchers]
    named = [("__name__", "MatchOp.Equal", node.name)] if node.name else []
    return sorted(
        sorted({*named, *((matcher.name, str(matcher.op), matcher.value) for matcher in alternative)})
        for alternative in alternatives
    )


def _time(node: Any) -> str:
    at = node.at and (str(node.at.type), node.at.at)
    return f"{node.offset!r} {at}"
