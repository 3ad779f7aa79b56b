"""No text of a query stops the program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.parsing import parsed


@pytest.mark.parametrize(
    "text", ["up[99999999999999999999]", "up offset 99999999999999999999", "up[1e400]", "up[NaN]", "up[5m", ""]
)
def test_what_does_not_parse_is_none(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert parsed(text) is None
    if "e400" not in text and "NaN" not in text:
        assert capfd.readouterr().err == ""


def test_a_query_is_a_tree() -> None:
    assert parsed("sum(rate(up[5m]))") is not None
    assert parsed("up > 3402823466385288598117041834845169254400") is not None


_DURATION = r"[-+0-9a-z.]{1,25}"


@given(st.from_regex(rf"[a-z]{{1,3}}(\[{_DURATION}(:{_DURATION})?\])?( offset {_DURATION})?", fullmatch=True))
def test_no_duration_stops_it(text: str) -> None:
    parsed(text)
