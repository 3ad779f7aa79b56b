"""Sets: each has a name, and nothing of one is deleted or taken over by another."""

from pathlib import Path

import pytest

from llumnix_dash.grafana import marker
from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.equality import digest
from llumnix_dash.grafana.judge import NEWER
from llumnix_dash.grafana.plan import NO_SET, Action
from tests.grafana.command import run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import HISTORY, dashboard, edit, plan, push, with_query

UID = "llumnix-lrs-dashboard"


def old_tagged(item: dict) -> dict:
    """As pushed before the way of signing had a number."""
    return {**item, "tags": [*item["tags"], marker.TAG, f"{marker.TAG}:{digest(item)}"]}


def test_prune_leaves_other_sets_alone(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        ours, theirs = write(tmp_path / "ours", dashboard("a"), dashboard("b")), write(tmp_path / "x", dashboard("c"))
        assert run("push", ours, "--set", "ours").code == 0
        assert run("push", theirs).code == 0
        (ours / "b.json").unlink()
        ran = run("push", ours, "--set", "ours", "--prune", "--yes")
        assert ran.code == 0
        assert sorted(fake.store.dashboards) == ["a", "c"]
        ran = run("push", theirs, "--prune", "--yes")
        assert "Nothing to do." in ran.out
        assert sorted(fake.store.dashboards) == ["a", "c"]


def test_prune_keeps_what_lies_in_subfolders_of_the_set(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("top"))
        write(folder / "sub" / "deeper", dashboard("below"))
        assert run("push", folder, "--set", "mine", "--flat").code == 0
        assert "Nothing to do." in run("push", folder, "--set", "mine", "--flat", "--prune", "--yes").out
        assert sorted(fake.store.dashboards) == ["below", "top"]


def test_a_dashboard_of_another_set_is_a_conflict(fake: FakeGrafana, grafana, tmp_path: Path):
    push(grafana)
    for item in (dashboard(), with_query(dashboard(), "sum(up)")):
        [step] = plan(grafana, item, set_name="other").steps
        assert (step.action, step.reason) == (
            Action.CONFLICT,
            "pushed with the set llumnix: push it with --set llumnix",
        )


def test_it_can_be_taken_over(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder)
        assert run("push", folder, "--set", "other").code == 1
        assert run("push", folder, "--set", "other", "--overwrite").code == 0
        assert run("status", folder, "--set", "other").code == 0
        assert run("status", folder).code == 1


def test_an_older_marker_is_read_and_not_pruned(fake: FakeGrafana, grafana):
    fake.store.save(old_tagged(dashboard()), folder="", message="", by="llumnix-dash", expected=None)
    assert plan(grafana).steps[0].action is Action.UNCHANGED
    assert plan(grafana, with_query(dashboard(), "sum(up)")).steps[0].action is Action.UPDATE
    step = plan(grafana, dashboard("other"), prune=True).steps[1]
    assert (step.action, step.reason) == (Action.KEEP, NO_SET)
    [result] = push(grafana, with_query(dashboard(), "sum(up)"))
    assert result.outcome is Outcome.UPDATED
    assert f"{marker.TAG}:{marker.WAY}:" in str(fake.store.dashboards[UID].spec["tags"])
    assert plan(grafana, dashboard("other"), prune=True).steps[1].action is Action.DELETE


def test_an_older_marker_does_not_say_what_went_under(fake: FakeGrafana, grafana):
    sent = digest(dashboard(), fake.profile.minimum_refresh)
    tags = [marker.TAG, f"{marker.TAG}:2:mine:{marker.short(UID)}{marker.short('')}:{sent}"]
    pushed = dashboard(tags=[*dashboard()["tags"], *tags])
    for spec, message in (
        (pushed, marker.sign("m", sent)),
        (dashboard(description="x"), ""),
        (pushed, marker.sign("m", sent)),
    ):
        fake.store.save(spec, folder="", message=message, by="somebody", expected=None)
    [step] = plan(grafana, with_query(dashboard(), "sum(up)"), set_name="mine").steps
    assert (step.action, step.under) == (Action.UPDATE, ())
    edit(fake)
    fake.spoil(HISTORY + r"/\d+", status=404, body={"message": "gone"}, times=9)
    assert plan(grafana, set_name="mine").steps[0].under == ()


def test_a_newer_marker_is_a_conflict_and_not_pruned(fake: FakeGrafana, grafana):
    item = dashboard(tags=[marker.TAG, f"{marker.TAG}:{marker.WAY + 1}:whatever"])
    fake.store.save(item, folder="", message="", by="llumnix-dash", expected=None)
    [step] = plan(grafana, with_query(dashboard(), "sum(up)")).steps
    assert (step.action, step.reason) == (Action.CONFLICT, NEWER)
    assert plan(grafana, dashboard("other"), prune=True).steps[1].action is Action.KEEP


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 31])
def test_a_name_that_is_none(name: str):
    ran = run("push", "--set", name)
    assert ran.code == 2
    assert "is no name for a set" in ran.err
