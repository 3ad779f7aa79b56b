"""Foreign dashboards: their data source is mapped to one that exists, or they are refused."""

import json

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.datasources import DataSource, Sources, choose, find, resolved
from llumnix_dash.grafana.failures import ForbiddenError
from llumnix_dash.grafana.pushset import Wanted
from tests.grafana.command import run, use, write
from tests.grafana.conftest import transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard

SOURCE = DataSource("prom-uid", "Prometheus")
DS_INPUT = {"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "pluginId": "prometheus"}


def exported(uid: str = "${DS_PROMETHEUS}", **more) -> dict:
    """A dashboard as Grafana exports it for others."""
    panel = {
        "id": 1,
        "type": "stat",
        "title": "Up",
        "datasource": {"type": "prometheus", "uid": uid},
        "targets": [{"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": uid}}],
    }
    return {
        "__inputs": [DS_INPUT],
        "__requires": [{"type": "grafana", "id": "grafana"}],
        "__elements": {},
        "id": None,
        "uid": "foreign",
        "title": "Foreign",
        "schemaVersion": 39,
        "panels": [panel],
        **more,
    }


def of(item: dict, source: DataSource | None = SOURCE, **of_input: DataSource) -> dict:
    return resolved(Wanted("foreign.json", item), Sources(source, of_input)).dashboard


def test_inputs_are_filled_in_everywhere_and_dropped():
    item = exported(description="from ${DS_PROMETHEUS}", links=[{"url": "/d/x?var-ds=${DS_PROMETHEUS}"}])
    filled = of(item)
    assert "DS_PROMETHEUS" not in json.dumps(filled)
    assert json.dumps(filled).count("prom-uid") == 4
    assert not {"__inputs", "__requires", "__elements"} & set(filled)
    assert "__inputs" in item, "what was given is left as it is"


def test_a_constant_has_its_value():
    item = exported(title="${VAR_NAME} of ${DS_PROMETHEUS}")
    item["__inputs"].append({"name": "VAR_NAME", "type": "constant", "value": "Cluster"})
    try:
        assert of(item)["title"] == "Cluster of prom-uid"
    finally:
        item["__inputs"].pop()


def test_fixed_uids_are_replaced():
    assert json.dumps(of({**exported("P1809F7CD0C75ACF3"), "__inputs": []})).count("prom-uid") == 2


@pytest.mark.parametrize("uid", ["${datasource}", "$ds", "-- Mixed --", "-- Dashboard --", "grafana"])
def test_what_is_no_fixed_source_stays(uid: str):
    item = {**exported(uid), "__inputs": []}
    assert of(item)["panels"] == item["panels"]


def test_another_kind_of_source_stays():
    item = {**exported(), "__inputs": []}
    item["panels"] = [{"id": 1, "type": "logs", "datasource": {"type": "loki", "uid": "fixed"}}]
    assert of(item)["panels"] == item["panels"]


def test_our_own_dashboards_stay_as_they_are():
    assert of(dashboard()) == dashboard()


def test_without_a_source_fixed_uids_stay():
    item = {**exported("P1809F7CD0C75ACF3"), "__inputs": []}
    assert of(item, None)["panels"] == item["panels"]


@pytest.mark.parametrize(
    "item",
    [
        exported(),
        {**exported(), "__inputs": []},
        exported(uid="fixed", annotations={"list": [{"datasource": "${DS_OTHER}"}]}),
    ],
    ids=["an input", "no inputs at all", "another one"],
)
def test_what_is_left_unresolved_is_refused(item: dict):
    with pytest.raises(UserError, match=r"unresolved: \$\{DS_") as caught:
        of(item, None)
    assert "--datasource" in str(caught.value.hint)


def test_an_input_of_another_kind_is_refused():
    item = exported("${DS_LOKI}")
    item["__inputs"] = [{"name": "DS_LOKI", "type": "datasource", "pluginId": "loki"}]
    with pytest.raises(UserError, match="unresolved"):
        of(item)
    assert json.dumps(of(item, DS_LOKI=DataSource("loki-uid", "Loki"))).count("loki-uid") == 2


def test_a_name_without_braces_is_filled_in_and_refused():
    item = exported("$DS_PROMETHEUS", description="$DS_PROMETHEUS_2 is another name")
    with pytest.raises(UserError, match="unresolved: "):
        of(item)
    item = exported("$DS_PROMETHEUS", description="from $DS_PROMETHEUS.")
    assert json.dumps(of(item)).count("prom-uid") == 3
    with pytest.raises(UserError, match="unresolved: "):
        of(item, None)


def wanted_with(*inputs: tuple[str, str]) -> list[Wanted]:
    entries = [{"name": name, "type": "datasource", "pluginId": plugin} for name, plugin in inputs]
    return [Wanted("foreign.json", {**exported(), "__inputs": entries})]


def test_sources_by_input(fake: FakeGrafana):
    inputs = wanted_with(("DS_LOKI", "loki"), ("DS_PROMETHEUS", "prometheus"))
    chosen = choose(transport_to(fake), ["DS_LOKI=loki-uid", "Prometheus"], inputs)
    assert chosen == Sources(SOURCE, {"DS_LOKI": DataSource("loki-uid", "Loki")})
    for texts, says in [
        (["DS_LOKI=prom-uid"], "no data source 'prom-uid' of the type loki"),
        (["DS_LOKI=nowhere"], "no data source 'nowhere'"),
        (["Prometheus", "prom-uid"], "more than one Prometheus"),
        (["DS_OTHER=prom-uid"], "no data source of the name or uid"),
    ]:
        with pytest.raises(UserError, match=says):
            choose(transport_to(fake), texts, inputs)


@pytest.mark.parametrize("name", ["g11", "g13.0"])
def test_what_the_server_has_not_is_told_before_anything_is_written(name: str, monkeypatch, tmp_path):
    library = {"id": 1, "type": "stat", "libraryPanel": {"uid": "shared", "name": "Shared"}}
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        for uid in ("fixed-nowhere", "prom-uid"):
            folder = write(tmp_path / uid, {**exported(uid), "__inputs": []}, dashboard())
            ran = run("push", folder)
            assert ran.code == (0 if uid == "prom-uid" else 2)
            if ran.code:
                assert "the data source fixed-nowhere is not on the server" in ran.err
                assert not fake.lines("POST", "PUT")
        elements = {"shared": {"uid": "shared", "name": "Shared", "kind": 1, "model": {}}}
        for carried, says in (({}, "make the library panel"), (elements, "import the file once in Grafana")):
            item = {**exported(), "__inputs": [], "__elements": carried, "panels": [library]}
            ran = run("push", write(tmp_path / "library", item))
            assert ran.code == 2
            assert "the library panel shared is not on the server" in ran.err
            assert says in ran.err
        fake.denied.add("library.panels:read")
        assert run("push", tmp_path / "library", "--dry-run").code == 1, "what may not be looked at may well be there"
        fake.denied.clear()
        fake.store.library_panels.add("shared")
        assert run("push", tmp_path / "library", "--overwrite").code == 0


def test_without_the_right_to_look_at_sources_a_fixed_one_is_taken_to_be_there(monkeypatch, tmp_path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        fake.denied.add("datasources:read")
        assert run("push", write(tmp_path / "set", {**exported("somewhere"), "__inputs": []})).code == 0


def test_a_variable_that_is_called_like_an_input_is_a_variable():
    item = {**exported(), "__inputs": [], "templating": {"list": [{"name": "DS_PROMETHEUS", "type": "datasource"}]}}
    assert of(item)["panels"] == item["panels"]


@pytest.mark.parametrize("name", ["Prometheus", "prom-uid"])
def test_a_source_is_found_by_name_or_uid(fake: FakeGrafana, name: str):
    assert find(transport_to(fake), name) == SOURCE


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        ("Prometheas", "no data source of the name or uid", "--datasource 'Prometheus'"),
        ("zzz", "no data source of the name or uid", "Prometheus data sources it has: Prometheus"),
        ("Loki", "is no Prometheus, but of the type loki", "of the type prometheus"),
    ],
)
def test_a_source_that_is_not_there_or_no_prometheus(fake: FakeGrafana, name: str, says: str, hint: str):
    with pytest.raises(UserError, match=says) as caught:
        find(transport_to(fake), name)
    assert hint in str(caught.value.hint)


def test_without_the_right_to_look_it_says_which_is_missing(fake: FakeGrafana):
    fake.denied.add("datasources:read")
    with pytest.raises(ForbiddenError) as caught:
        find(connect(transport_to(fake)).transport, "Prometheus")
    assert "datasources:read" in str(caught.value.detail)
