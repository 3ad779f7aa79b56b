"""Where the Grafana is and how to sign in: from the environment, or from a context of the settings file.

An error names what the value came from (``GRAFANA_URL``, ``--ca-cert``, ``url of [contexts.staging] in settings.toml``)
and never quotes a secret.
"""

import os
import ssl
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)

from llumnix_dash.errors import UserError, nearest
from llumnix_dash.http.address import base_url
from llumnix_dash.http.secrets import read_file, read_headers
from llumnix_dash.http.session import Connection

ENVIRONMENT = {
    "url": "GRAFANA_URL",
    "token": "GRAFANA_TOKEN",
    "token_file": "GRAFANA_TOKEN_FILE",
    "user": "GRAFANA_USER",
    "password": "GRAFANA_PASSWORD",
    "password_file": "GRAFANA_PASSWORD_FILE",
    "headers_file": "GRAFANA_HEADERS_FILE",
}
CREDENTIALS = ("token", "token_file", "user", "password", "password_file", "headers_file")
CONTEXT_KEYS = (
    "url",
    "token_file",
    "user",
    "password_file",
    "headers_file",
    "org_id",
    "ca_cert",
    "client_cert",
    "client_key",
    "insecure",
)
PATHS = frozenset({"token_file", "password_file", "headers_file", "ca_cert", "client_cert", "client_key"})
SETTINGS_FILE_VARIABLE = "LLUMNIX_DASH_SETTINGS"
HOW_TO_GIVE_A_SECRET = (
    "put it in a file and set GRAFANA_TOKEN_FILE to its path, or set GRAFANA_TOKEN\n"
    "(for a password: GRAFANA_USER with GRAFANA_PASSWORD_FILE or GRAFANA_PASSWORD)"
)


def _secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text:
        raise ValueError("is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds blanks, line breaks or letters that no token has")
    return value


def _authority(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError("holds no certificate (PEM) of an authority") from None
    return path


class GrafanaSettings(BaseModel):
    """One Grafana, as it is reached. Credentials are a token, or a user with a password, or none."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(base_url)]
    token: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    user: str | None = None
    password: SecretStr | None = None
    org_id: PositiveInt | None = None
    ca_cert: Annotated[FilePath, AfterValidator(_authority)] | None = None
    client_cert: FilePath | None = None
    client_key: FilePath | None = None
    insecure: bool = False
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)

    @property
    def credentials(self) -> str:
        """The kind of them: token, cloud (a Grafana Cloud access-policy token), basic or none."""
        if self.token:
            return "cloud" if self.token.get_secret_value().startswith("glc_") else "token"
        return "none" if self.user is None else "basic"

    @property
    def connection(self) -> Connection:
        """The same, as a session takes it."""
        certificate = tuple(str(path) for path in (self.client_cert, self.client_key) if path)
        return Connection(
            self.url,
            token=self.token,
            basic=(self.user, self.password) if self.user is not None and self.password is not None else None,
            ca_cert=str(self.ca_cert) if self.ca_cert else None,
            client_cert=(certificate[0], certificate[1]) if len(certificate) == 2 else "".join(certificate) or None,
            insecure=self.insecure,
            headers=self.headers,
        )

    @model_validator(mode="after")
    def _together(self) -> "GrafanaSettings":
        if self.token and self.user is not None:
            raise ValueError("both a token and a user are set: unset GRAFANA_TOKEN(_FILE) or GRAFANA_USER")
        if (self.user is None) != (self.password is None):
            raise ValueError("GRAFANA_USER and GRAFANA_PASSWORD (or GRAFANA_PASSWORD_FILE) go together: one is missing")
        if self.user is not None and ":" in self.user:
            raise ValueError("GRAFANA_USER must not hold a colon")
        if self.client_key and not self.client_cert:
            raise ValueError("--client-key needs --client-cert")
        if self.client_cert:
            _refuse_useless(self.client_cert, self.client_key)
        if self.insecure and self.ca_cert:
            raise ValueError("--insecure and --ca-cert contradict one another")
        return self


def _refuse_useless(certificate: Path, key: Path | None) -> None:
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError("the key of --client-key is not that of the certificate of --client-cert") from None
        raise ValueError(
            "--client-cert and --client-key hold no certificate with its key (PEM, without a passphrase)"
        ) from None
    except OSError as error:
        raise ValueError(f"--client-cert or --client-key cannot be read: {error.strerror}") from None


class _Value(NamedTuple):
    value: Any
    source: str


def load_settings(
    *,
    context: str | None = None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> GrafanaSettings:
    """The settings of this run.

    Args:
        context: a name of the settings file; its values then stand in the place of ``GRAFANA_URL``, and credentials of
            the environment are used only if it names none and no ``GRAFANA_URL`` says that they are for another server.
        flags: values of the command line by the name of the field; None for those not given. They go before the others.
        environment: the process's own, if not given.

    Raises:
        UserError: a value is missing or wrong; the message names the variable, flag or key to mend.
    """
    environment = os.environ if environment is None else environment
    values = _from_context(context, environment) if context else _from_environment(environment)
    for name, value in (flags or {}).items():
        if value is not None and value is not False:
            values[name] = _Value(value, "--" + name.replace("_", "-"))
    if "url" not in values:
        raise UserError(
            "GRAFANA_URL is not set",
            hint="export GRAFANA_URL=https://grafana.example\nor name a context of the settings file with --context",
        )
    _read_secret_file(values, "token")
    _read_secret_file(values, "password")
    headers_file = values.pop("headers_file", None)
    if headers_file is not None:
        headers = read_headers(str(headers_file.value), headers_file.source)
        values["headers"] = _Value(headers, headers_file.source)
    try:
        return GrafanaSettings.model_validate({name: entry.value for name, entry in values.items()})
    except ValidationError as error:
        raise _explained(error, values) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Value]:
    return {
        name: _Value(environment[variable], variable)
        for name, variable in ENVIRONMENT.items()
        if environment.get(variable)
    }


def settings_path(environment: Mapping[str, str]) -> Path:
    """The settings file: ``LLUMNIX_DASH_SETTINGS``, else ``llumnix-dash/settings.toml`` in the user's configuration."""
    if environment.get(SETTINGS_FILE_VARIABLE):
        return Path(environment[SETTINGS_FILE_VARIABLE]).expanduser()
    home = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "llumnix-dash" / "settings.toml"


def context_names(environment: Mapping[str, str] | None = None) -> list[str]:
    """The names of the contexts of the settings file, in its order.

    Raises:
        UserError: the file cannot be read, or has none.
    """
    path = settings_path(os.environ if environment is None else environment)
    contexts = _contexts(path)
    if not contexts:
        raise UserError(
            "the settings file has no contexts", where=str(path), hint="write it with a table [contexts.NAME] for each"
        )
    return list(contexts)


def _contexts(path: Path) -> dict[str, Any]:
    try:
        contexts = tomllib.loads(path.read_text(encoding="utf-8")).get("contexts")
    except OSError as error:
        raise UserError(
            f"cannot read the settings file {path}: {error.strerror}",
            hint=f"write it with a table [contexts.NAME], or set {SETTINGS_FILE_VARIABLE} to where it is",
        ) from None
    except ValueError:
        # tomllib's text is not quoted: it can show a piece of the line, and that a secret.
        raise UserError(f"the settings file {path} is not TOML", hint="see docs/push.md for an example") from None
    return contexts if isinstance(contexts, dict) else {}


def _from_context(context: str, environment: Mapping[str, str]) -> dict[str, _Value]:
    path = settings_path(environment)
    contexts = _contexts(path)
    chosen = contexts.get(context)
    if not isinstance(chosen, dict):
        # What was given is not repeated: it may be a secret that was pasted in the wrong place.
        known = sorted(contexts)
        raise UserError(
            "the settings file has no context of the name that --context gives",
            where=str(path),
            hint=f"contexts it has: {', '.join(known) or 'none'}",
        )
    where = f"[contexts.{context}] in {path}"
    for key in chosen:
        if key in {"token", "password"}:
            raise UserError(
                f"{key} must not stand in the settings file",
                where=where,
                hint=f"put it in a file and name that: {key}_file",
            )
        if key not in CONTEXT_KEYS:
            likely = nearest(key, CONTEXT_KEYS)
            raise UserError(
                f"unknown key {key!r}",
                where=where,
                hint=f"{likely} = ..." if likely else "keys: " + ", ".join(CONTEXT_KEYS),
            )
    values = {}
    for key, value in chosen.items():
        if key in PATHS and isinstance(value, str):
            value = str(path.parent / Path(value).expanduser())  # noqa: PLW2901 (relative to the settings file)
        values[key] = _Value(value, f"{key} of {where}")
    from_environment = _from_environment(environment)
    if not set(values) & set(CREDENTIALS):
        given = {name: entry for name, entry in from_environment.items() if name in CREDENTIALS}
        if given and "url" in from_environment and from_environment["url"].value.rstrip("/") != chosen.get("url"):
            raise UserError(
                f"the context {context!r} names no credentials, and those of the environment belong to GRAFANA_URL",
                where=where,
                hint="add token_file to the context, or unset GRAFANA_URL to use the environment's credentials for it",
            )
        values |= given
    return values


def _read_secret_file(values: dict[str, _Value], name: str) -> None:
    entry = values.pop(f"{name}_file", None)
    if entry is None:
        return
    if name in values:
        raise UserError(f"both {values[name].source} and {entry.source} are set", hint=f"unset {values[name].source}")
    text = read_file(str(entry.value), entry.source)
    if not text.strip():
        raise UserError(f"{entry.source}: the file is empty", hint="write the secret into it")
    values[name] = _Value(text.strip(), entry.source)


def _explained(error: ValidationError, values: Mapping[str, _Value]) -> UserError:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    source = values[name].source if name in values else ENVIRONMENT.get(name, name)
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:] if not message.startswith("GRAFANA") else message
    hint = None
    if "before the @" in message or name in {"token", "password"}:
        hint = HOW_TO_GIVE_A_SECRET
    return UserError(
        f"{source}: {message}" if source else message, hint=hint or "llumnix-dash push --help lists the settings"
    )
