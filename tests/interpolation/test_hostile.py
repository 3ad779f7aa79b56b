"""Hostile queries, filters and variables: verify's reading of them ends in a result, never in a traceback."""

from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.interpolation.adhoc import Filter, chosen, filtered, saved
from llumnix_dash.interpolation.doubts import doubts, valueless
from llumnix_dash.interpolation.interpolate import VariableValue, interpolate

ALPHABET = "ab_:{}[]()\"'`\\$,|=~! #5\nor by"
FIELDS = ("filters", "baseFilters", "key", "operator", "value", "values")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(ALPHABET, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


@given(query=st.text(ALPHABET, max_size=40), value=st.text(ALPHABET, max_size=10))
def test_any_text_is_filtered_and_judged(query: str, value: str) -> None:
    scope = {"a": VariableValue("a", (value, "b"), several=True), "b": VariableValue("b", "", all_value=value)}
    assert filtered(query, []) == query
    filtered(interpolate(query, scope), [Filter("region", "=~", value)])
    doubts(query, scope)
    valueless(query, scope)


@given(JSON)
def test_any_json_may_stand_for_saved_filters(model: object) -> None:
    if isinstance(model, dict):
        assert all(one.label and one.value for one in saved(model))


@given(st.text(ALPHABET, max_size=12))
def test_any_text_may_be_chosen(text: str) -> None:
    one = chosen(text)
    assert one is None or one.label == text.split("|", 1)[0]
