"""Where the settings come from, what goes before what, and errors that name the variable and never quote a secret."""

from pathlib import Path

import certifi
import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.settings import load_settings, settings_path

URL = {"GRAFANA_URL": "https://grafana.example"}
SECRET = "marked-secret"


def refused(environment: dict[str, str], **more) -> UserError:
    with pytest.raises(UserError) as caught:
        load_settings(environment=environment, **more)
    assert SECRET not in caught.value.render()
    assert SECRET not in repr(caught.value)
    return caught.value


def written(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return {"LLUMNIX_DASH_SETTINGS": str(path)}


def test_where_the_contexts_are_looked_for():
    below = Path("llumnix-dash", "settings.toml")
    assert settings_path({}) == Path.home() / ".config" / below
    assert settings_path({"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/etc/xdg") / below


def test_a_token_from_the_environment():
    settings = load_settings(environment={**URL, "GRAFANA_TOKEN": SECRET})
    assert settings.token is not None
    assert settings.token.get_secret_value() == SECRET
    assert SECRET not in repr(settings) + str(settings)


def test_a_token_from_a_file(tmp_path: Path):
    (tmp_path / "token").write_text(f"{SECRET}\n")
    settings = load_settings(environment={**URL, "GRAFANA_TOKEN_FILE": str(tmp_path / "token")})
    assert settings.token is not None
    assert settings.token.get_secret_value() == SECRET


def test_a_user_with_a_password_from_a_file(tmp_path: Path):
    (tmp_path / "password").write_text(f"{SECRET} with blanks\n")
    environment = {**URL, "GRAFANA_USER": "admin", "GRAFANA_PASSWORD_FILE": str(tmp_path / "password")}
    settings = load_settings(environment=environment)
    assert settings.password is not None
    assert settings.password.get_secret_value() == f"{SECRET} with blanks"


def test_the_url_keeps_its_sub_path_and_loses_its_last_slash():
    assert load_settings(environment={"GRAFANA_URL": "https://host/grafana/"}).url == "https://host/grafana"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "GRAFANA_URL is not set"),
        ({"GRAFANA_URL": "grafana.example"}, "GRAFANA_URL: must be a whole address"),
        ({"GRAFANA_URL": "ftp://grafana.example"}, "GRAFANA_URL: must be a whole address"),
        ({"GRAFANA_URL": "https://host:port"}, "GRAFANA_URL: is not a URL"),
        ({"GRAFANA_URL": f"https://admin:{SECRET}@host"}, "GRAFANA_URL: holds a user or a secret before the @"),
        ({"GRAFANA_URL": f"https://{SECRET}@host"}, "GRAFANA_URL: holds a user or a secret before the @"),
        ({"GRAFANA_URL": f"https://host/?token={SECRET}"}, "GRAFANA_URL: must end with the server's path"),
        ({**URL, "GRAFANA_TOKEN": f"{SECRET}\nx"}, "GRAFANA_TOKEN: holds blanks"),
        ({**URL, "GRAFANA_TOKEN": f"Bearer {SECRET}"}, "GRAFANA_TOKEN: holds blanks"),
        ({**URL, "GRAFANA_TOKEN": f"{SECRET}ä"}, "GRAFANA_TOKEN: holds blanks"),
        ({**URL, "GRAFANA_TOKEN_FILE": "/nowhere/token"}, "GRAFANA_TOKEN_FILE: cannot read the file: No such file"),
        ({**URL, "GRAFANA_TOKEN_FILE": "/"}, "GRAFANA_TOKEN_FILE: cannot read the file"),
        ({**URL, "GRAFANA_TOKEN_FILE": "/dev/null"}, "GRAFANA_TOKEN_FILE: the file is empty"),
        (
            {**URL, "GRAFANA_TOKEN": SECRET, "GRAFANA_TOKEN_FILE": "x"},
            "both GRAFANA_TOKEN and GRAFANA_TOKEN_FILE are set",
        ),
        ({**URL, "GRAFANA_TOKEN": SECRET, "GRAFANA_USER": "a", "GRAFANA_PASSWORD": SECRET}, "both a token and a user"),
        ({**URL, "GRAFANA_USER": "admin"}, "GRAFANA_USER and GRAFANA_PASSWORD (or GRAFANA_PASSWORD_FILE) go together"),
        (
            {**URL, "GRAFANA_PASSWORD": SECRET},
            "GRAFANA_USER and GRAFANA_PASSWORD (or GRAFANA_PASSWORD_FILE) go together",
        ),
        ({**URL, "GRAFANA_USER": "a:b", "GRAFANA_PASSWORD": SECRET}, "GRAFANA_USER must not hold a colon"),
    ],
)
def test_an_error_names_the_variable(environment: dict[str, str], says: str):
    error = refused(environment)
    assert says in error.summary
    assert error.hint


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"ca_cert": "/nowhere.pem"}, "--ca-cert: "),
        ({"org_id": 0}, "--org-id: "),
        ({"client_key": __file__}, "--client-key needs --client-cert"),
        ({"insecure": True, "ca_cert": certifi.where()}, "--insecure and --ca-cert contradict one another"),
    ],
)
def test_an_error_names_the_flag(flags, says: str):
    assert says in refused(URL, flags=flags).summary


def test_a_secret_in_the_url_is_refused_with_the_way_to_do_it_right():
    error = refused({"GRAFANA_URL": f"https://admin:{SECRET}@host"})
    assert "GRAFANA_TOKEN_FILE" in str(error.hint)


def test_a_context_of_the_settings_file(tmp_path: Path):
    (tmp_path / "token").write_text(SECRET)
    environment = written(
        tmp_path, '[contexts.staging]\nurl = "https://staging.example"\ntoken_file = "token"\norg_id = 3\n'
    )
    settings = load_settings(context="staging", environment=environment)
    assert (settings.url, settings.org_id) == ("https://staging.example", 3)
    assert settings.token is not None
    assert settings.token.get_secret_value() == SECRET, "a path is relative to the settings file"


def test_a_flag_goes_before_a_context(tmp_path: Path):
    environment = written(tmp_path, '[contexts.a]\nurl = "https://a.example"\norg_id = 3\n')
    assert load_settings(context="a", flags={"org_id": 4}, environment=environment).org_id == 4


def test_a_context_goes_before_the_environment_and_gets_no_credentials_that_are_for_another_server(tmp_path: Path):
    environment = written(tmp_path, '[contexts.a]\nurl = "https://a.example"\n')
    assert load_settings(context="a", environment={**environment, "GRAFANA_TOKEN": SECRET}).token is not None
    error = refused({**environment, **URL, "GRAFANA_TOKEN": SECRET}, context="a")
    assert "those of the environment belong to GRAFANA_URL" in error.summary


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[contexts.b]\nurl = "https://b.example"\n', "has no context of the name"),
        (f'[contexts.a]\nurl = "https://a.example"\ntoken = "{SECRET}"\n', "token must not stand in the settings file"),
        ('[contexts.a]\nurl = "https://a.example"\ntokenfile = "x"\n', "unknown key 'tokenfile'"),
        (f'[contexts.a]\nurl = "https://x:{SECRET}@a.example"\n', "url of [contexts.a] in "),
        (f"token = {SECRET}\n", "is not TOML"),
        ('[contexts.a]\nurl = "https://a.example"\norg_id = "x"\n', "org_id of [contexts.a] in "),
        ("[contexts.a]\norg_id = 1\n", "GRAFANA_URL is not set"),
    ],
)
def test_an_error_in_the_settings_file(tmp_path: Path, text: str, says: str):
    assert says in refused(written(tmp_path, text), context="a").summary


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path):
    error = refused({"XDG_CONFIG_HOME": str(tmp_path)}, context="a")
    assert f"{tmp_path}/llumnix-dash/settings.toml" in error.summary


@pytest.mark.parametrize("text", ['[contexts.b]\nurl = "https://b.example"\n[contexts.c]\n', None])
def test_an_unknown_context_is_not_repeated_for_it_may_be_a_secret(tmp_path: Path, text: str | None):
    environment = written(tmp_path, text) if text else {"XDG_CONFIG_HOME": str(tmp_path)}
    error = refused(environment, context=SECRET)
    if text:
        assert error.hint == "contexts it has: b, c"
