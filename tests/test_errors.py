"""What people read when something is wrong."""

import pytest

from llumnix_dash.errors import ServerError, UserError, nearest


def test_the_whole_message() -> None:
    error = UserError("what is wrong", where="file.py:3", detail="line one\n\n  line two", hint="first\nthen")
    assert error.render() == ("what is wrong\n  at file.py:3\n  line one\n\n    line two\n  try: first\n       then")
    assert str(error) == error.render()


def test_only_what_there_is() -> None:
    assert UserError("what is wrong").render() == "what is wrong"


def test_exit_codes() -> None:
    assert (UserError("a").exit_code, ServerError("a").exit_code) == (2, 3)


@pytest.mark.parametrize(
    ("name", "likely"), [("requets", "request"), ("vlm", "vllm"), ("CMS", None), ("zzz", None), ("", None)]
)
def test_nearest(name: str, likely: str | None) -> None:
    assert nearest(name, ("request", "cms", "vllm")) == likely
