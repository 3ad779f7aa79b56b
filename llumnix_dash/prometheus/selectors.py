"""The metrics that a query names, from its syntax tree."""

import re
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

from llumnix_dash.parsing import parsed


@dataclass(frozen=True)
class Selector:
    """One selector of a query, such as ``up{job="a"}``: the metric's name (empty where it names none) and matchers."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return f"{self.metric}{{{self.matchers_text}}}" if self.matchers or not self.metric else self.metric

    @property
    def matchers_text(self) -> str:
        """The matchers as they stand between braces."""
        return ",".join(f"{label}{operator}{_quoted(value)}" for label, operator, value in self.matchers)

    def allows(self, label: str, value: str) -> bool:
        """Whether every matcher on the label lets this value pass."""
        return all(_matches(operator, wanted, value) for name, operator, wanted in self.matchers if name == label)

    def restricts(self, label: str) -> bool:
        """Whether there is a matcher on the label."""
        return any(name == label for name, _, _ in self.matchers)


# Pairs, since the parser's operators have no hash.
_OPERATORS = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


# The same queries are asked about again and again: of a blank, of coverage, of the next dashboard with that panel.
@lru_cache(maxsize=4096)
def selectors(expr: str) -> tuple[Selector, ...]:
    """The selectors of a PromQL query in their order, each once; empty where it is no PromQL."""
    if (tree := parsed(expr)) is None:
        return ()
    found: dict[Selector, None] = {}

    def visit(node: object) -> None:
        vector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(vector, promql_parser.VectorSelector):
            found[_selector(vector)] = None

    promql_parser.walk(tree, visit)
    return tuple(found)


def compares(expr: str) -> bool:
    """Whether a query filters by a comparison anywhere, so that it may well have no result."""
    if (tree := parsed(expr)) is None:
        return False
    found = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.BinaryExpr) and str(node.op) in _COMPARISONS:
            found.append(node)

    promql_parser.walk(tree, visit)
    return bool(found)


def _selector(vector: promql_parser.VectorSelector) -> Selector:
    matchers = [(matcher.name, _operator(matcher), matcher.value) for matcher in vector.matchers.matchers]
    name = vector.name or next((value for label, op, value in matchers if label == "__name__" and op == "="), "")
    rest = tuple(matcher for matcher in matchers if matcher[:2] != ("__name__", "="))
    return Selector(name, rest)


def _operator(matcher: promql_parser.Matcher) -> str:
    return next(text for operator, text in _OPERATORS if operator == matcher.op)


def _matches(operator: str, wanted: str, value: str) -> bool:
    if operator in {"=", "!="}:
        return (value == wanted) == (operator == "=")
    try:
        return bool(re.fullmatch(wanted, value)) == (operator == "=~")
    except re.error:
        return True


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
