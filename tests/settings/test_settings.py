"""The settings file: what it may hold, and what is said of what it may not."""

import subprocess
import sys
from pathlib import Path

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.generate import generate
from llumnix_dash.settings.load import load
from llumnix_dash.settings.promql import localized
from llumnix_dash.settings.scrape import relabeling
from llumnix_dash.settings.site import Site
from tests.cli.program import ROOT, run

ENGINES = 'job=~"(.+/)?llumnix-engine-(neutral|prefill|decode)"'


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_change_no_byte() -> None:
    """As a file without a line does."""
    assert generate(site=Site()) == generate()


def test_the_docs_example_is_the_defaults(tmp_path: Path) -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    site = load(written(tmp_path, example))
    assert site == Site()
    assert all(f"\n{key} = " in example for section in site.model_dump().values() for key in section if key != "models")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[labels]\nnamespace = 'ns'\nclustr = 'c'\n", 3, "there is no setting labels.clustr"),
        ("[job]\ngateway = 'x'\n", 1, "there is no setting job"),
        ("\n[objectives]\nttft_ms = 1234\n", 3, "no bucket that ends at 1234"),
        ("[objectives]\n[objectives.models.'a.b/c']  # ours\nttft_ms = 501\n", 3, "no bucket that ends at 501"),
        (
            "[objectives]\n[objectives.models.'a.b/c']\nttft = 0.9\ntftt = 1\n",
            4,
            "there is no setting objectives.models",
        ),
        ("[objectives]\nsuccess = 1.0\n", 2, "no share above 0.1 and below 1"),
        ("[objectives.models.m]\ne2e = 0.1\n", 2, "no share above 0.1 and below 1"),
        ("[labels]\nnamespace = 'ns'\npod = 'ns'\n", 1, "two labels have the name 'ns'"),
        ("[labels]\npod = 'status_code'\n", 1, "exporters have a label of that name"),
        ("[labels]\npod = 'a-b'\n", 2, "no name of a label"),
        ("[jobs]\ngateway = '('\n", 2, "no regular expression"),
        ("[jobs]\ngateway = 3\n", 2, "valid string"),
        ("labels.namespace = ''\n", 1, "no name of a label"),
        ("[matchers]\nnamespace = 'x'\n", 1, "filtered by the dashboards themselves"),
        ("[dashboards]\nuid_prefix = 'a b'\n", 2, "pattern"),
        ("[jobs]\ngateway = \n", 2, "not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as raised:
        load(path)
    assert says in raised.value.summary
    if "filtered by" not in says:
        assert raised.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("[labels]\nclustr = 'c'\n", "cluster"),
        ("[job]\n", "jobs"),
        ("[objectives.models.m]\nttft_m = 1\n", "ttft_ms"),
    ],
)
def test_the_nearest_setting_is_offered(tmp_path: Path, wrong: str, meant: str) -> None:
    done = run("generate", "--settings", str(written(tmp_path, wrong)), cwd=tmp_path)
    assert done.returncode == 2
    assert f"try: {meant}" in done.stderr
    assert not (tmp_path / "deploy").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run("generate", "--settings", "nowhere.toml", cwd=tmp_path)
    assert (done.returncode, "nowhere.toml" in done.stderr) == (2, True)


def test_a_site_without_clusters_has_no_word_of_them() -> None:
    site = Site.model_validate({"labels": {"cluster": ""}})
    for one in generate(site=site):
        assert "cluster" not in one.text.replace("cluster meta store", "").replace("cluster_namespace_model:", "")


@pytest.mark.parametrize(
    ("ours", "sites"),
    [
        ('sum by (infer_type) (x{job="scheduler"})', 'sum by (infer_type) (x{brain="b",e="1"})'),
        (f"sum by (infer_type) (x{{{ENGINES}}})", 'sum by (r) (x{brain="(v)\\\\d",e="1"})'),
        (
            f'a{{job="scheduler"}} / on (namespace) sum by (namespace, infer_type) (x{{{ENGINES}}})',
            'a{brain="b",e="1"} / on (ns) sum by (ns, r) (x{brain="(v)\\\\d",e="1"})',
        ),
        ('label_replace(x{job=~"gateway|scheduler"}, "pod", "$1", "y", "(.*)")',
         'label_replace(x{brain=~"gateway|b",e="1"}, "p", "$1", "y", "(.*)")'),
        ('sum by (cluster) (x{job="gateway",cluster=~"$cluster"})', 'sum(x{brain="gateway",e="1"})'),
    ],
)  # fmt: skip
def test_a_query_in_the_names_of_a_site(ours: str, sites: str) -> None:
    site = Site.model_validate(
        {
            "jobs": {"scheduler": "b", "engine": r"(v)\d"},
            "labels": {"cluster": "", "namespace": "ns", "job": "brain", "infer_type": "r", "pod": "p"},
            "matchers": {"e": "1"},
        }
    )
    sites = sites.replace('brain="(v)', 'brain=~"(v)')
    assert localized(ours, site).replace("sum (", "sum(") == sites


def test_a_job_that_the_simulation_cannot_have_is_told() -> None:
    site = Site.model_validate({"jobs": {"gateway": "a|b"}})
    with pytest.raises(UserError, match="no job that matches"):
        relabeling(site)({"job": "gateway"})


def test_without_a_file_nobody_waits_for_pydantic(tmp_path: Path) -> None:
    program = "import sys; from llumnix_dash.generate import generate; generate(); sys.exit('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0
