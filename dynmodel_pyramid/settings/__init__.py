"""The settings of an INI file.

``sqlalchemy.*`` keys go to :func:`sqlalchemy.engine_from_config` as they are; ``dynmodel.*`` keys are declared, and
unknown ones are refused. A plugin declares its own keys with the directive ``config.add_dynmodel_setting``. Environment
variables win over the file: :data:`ENVIRONMENT`.

========== ===========================================
``known``  the table of all keys, with defaults and help
``values`` what a key is, and the parsers of values
========== ===========================================
"""

import configparser
import copy
import difflib
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings.known import OF_TENANTS, SETTINGS
from dynmodel_pyramid.settings.values import Setting, tenant_name

PREFIX = "dynmodel."
#: The environment variable ``DYNMODEL_MAX_TABLES`` sets ``dynmodel.max_tables``, and wins over the INI file.
ENVIRONMENT = "DYNMODEL_"
#: The variable that says how many processes serve together.
PROCESSES = f"{ENVIRONMENT}PROCESSES"
#: The variable that sets ``dynmodel.sqlite_mmap_size``.
READ_IN_PLACE = f"{ENVIRONMENT}SQLITE_MMAP_SIZE"
#: How like a setting an unknown variable must be to be refused as a misspelt one (difflib's ratio).
_MISSPELT = 0.85


def _sections(path: str) -> dict[str, dict[str, str]]:
    """The sections of an INI file of tenants' settings.

    :raises ConfigurationProblem: it can't be read
    """
    try:
        changed = os.stat(path)
        return _read_sections(path, changed.st_mtime_ns, changed.st_size)
    except (OSError, ValueError, configparser.Error) as error:
        raise ConfigurationProblem(f"dynmodel.tenant_settings = {path}: {error}") from None


@lru_cache(2)
def _read_sections(path: str, *changed: int) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    return {tenant_name(section): dict(parser[section]) for section in parser.sections()}


class Settings:
    """The parsed settings, as attributes; one plain object, read-only by convention.

    :raises ConfigurationProblem: naming every bad value and, from :meth:`refuse_unknown`, every unknown key
    """

    # As SETTINGS declares them, for type checkers; a test compares the two. A plugin's keys are attributes as well.
    auto_upgrade: bool
    schema: str
    tenants: str
    tenant: str
    tenant_domain: str
    tenant_claim: tuple[str, ...]
    tenant_schemas: str
    tenant_settings: str
    table_prefix: str
    lock_timeout: float
    lock_attempt: float
    replica_urls: tuple[str, ...]
    replica_max_age: float
    replica_wait: float
    stream_grace: float
    stream_timeout: float
    online_rows: int
    class_cache_columns: int
    trash_days: int
    compress: bool
    page: bool
    max_body_size: int
    max_document_size: int
    max_batch_operations: int
    max_batch_rows: int
    max_nested_depth: int
    max_expressions: int
    max_values: int
    max_query_size: int
    max_nesting: int
    max_embedding: int
    max_rows: int
    max_reverse: int
    statement_timeout: float
    change_timeout: float
    plan_enabled: bool
    rest_schema: str
    cors_origins: tuple[str, ...]
    sqlite_synchronous: str
    sqlite_mmap_size: int
    access: str
    open_to: str
    public_url: str
    jwt_secret: str
    jwt_jwks_url: str
    jwt_jwks_file: str
    jwks_max_age: float
    jwt_algorithms: tuple[str, ...]
    jwt_audience: tuple[str, ...]
    jwt_issuer: tuple[str, ...]
    jwt_role_claim: tuple[str, ...]
    jwt_roles: tuple[str, ...]
    jwt_not_before: float
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_scopes: tuple[str, ...]
    oidc_create_users: bool
    oidc_roles: tuple[str, ...]
    oidc_name_claim: str
    insecure_loopback: bool
    requests_per_second: float
    requests_burst: int
    metrics: bool
    metrics_token: str
    metrics_tables: int
    metrics_file: str
    slow_statement: float
    slow_request: float
    request_log: str
    log_format: str
    tracing: bool
    max_tables: int
    session_idle: float
    session_lifetime: float
    signin_failures: int
    signin_failures_by_address: int
    signin_window: float
    password_hashes: int
    max_tokens: int
    idempotency_hours: int
    max_kept_answer: int
    max_kept_answers: int
    max_kept_answers_size: int
    audit_days: int

    def __init__(self, raw: Mapping[str, str] = {}) -> None:
        self._raw = dict(raw)
        self._declared: dict[str, Setting] = {}
        self.declare(SETTINGS)

    def declare(self, settings: Iterable[Setting]) -> None:
        """Take further keys (a plugin's) and parse their values. A key that exists already is refused."""
        faults = []
        for setting in settings:
            if setting.name in self._declared:
                raise ConfigurationProblem(f"the setting {PREFIX}{setting.name} is declared twice")
            self._declared[setting.name] = setting
            try:
                setattr(self, setting.name, self._parse(setting))
            except ValueError as error:
                text, where = self.given(setting.name)
                faults.append(f"{where} = {'...' if setting.secret else text}: {error}")
        if faults:
            raise ConfigurationProblem("bad settings: " + "; ".join(faults))

    def given(self, name: str) -> tuple[Any, str]:
        """The text of a setting, None if it is not set, and where it is set: the variable or the key. An empty variable
        is none.
        """
        variable = ENVIRONMENT + name.upper()
        text = os.environ.get(variable)
        return (text, variable) if text else (self._raw.get(PREFIX + name), PREFIX + name)

    @property
    def observes(self) -> bool:
        """Whether anybody looks at what requests do."""
        return self.metrics or self.tracing or self.request_log != "off"

    def _parse(self, setting: Setting) -> Any:
        text, _ = self.given(setting.name)
        if text is None:
            return setting.default
        return setting.parse(text if isinstance(text, str) else str(text))

    def refuse_unknown(self) -> None:
        """Refuse ``dynmodel.*`` keys that nobody declared, with the nearest known name; and misspelt variables."""
        faults = []
        for key in sorted(self._raw):
            name = key.removeprefix(PREFIX)
            if key.startswith(PREFIX) and name not in self._declared:
                near = difflib.get_close_matches(name, self._declared, n=1)
                faults.append(key + (f" (did you mean {PREFIX}{near[0]}?)" if near else ""))
        known = [ENVIRONMENT + name.upper() for name in self._declared]
        for variable in sorted(os.environ):
            if variable.startswith(ENVIRONMENT) and variable not in known:
                near = difflib.get_close_matches(variable, known, n=1, cutoff=_MISSPELT)
                faults += [f"{variable} of the environment (did you mean {near[0]}?)"] if near else []
        if faults:
            raise ConfigurationProblem(
                "unknown settings: " + ", ".join(faults), hint="dynmodel-settings lists all settings"
            )

    def of_tenant(self, name: str, *, url: str | None = None, **values: Any) -> "Settings":
        """These settings for one tenant.

        :param url: its ``sqlalchemy.url``
        :param values: its own values, which no variable of the environment changes
        :raises ConfigurationProblem: ``dynmodel.tenant_settings`` has a fault
        """
        other = copy.copy(self)
        if url is not None:
            other._raw = {**self._raw, "sqlalchemy.url": url}
        vars(other).update(self.tenant_values(name), **values, tenant=name)
        return other

    def tenant_values(self, name: str | None = None) -> dict[str, Any]:
        """The values of a tenant in the file ``dynmodel.tenant_settings``.

        :param name: None: of none, the whole file is checked
        :raises ConfigurationProblem: naming the file, the section and the fault
        """
        if not self.tenant_settings:
            return {}
        sections = _sections(self.tenant_settings)
        values: dict[str, Any] = {}
        for section in sections if name is None else [name]:
            for key, text in sections.get(section, {}).items():
                where = f"{self.tenant_settings}, section {section}, {key}"
                key = key.removeprefix(PREFIX)
                if key not in OF_TENANTS:
                    near = difflib.get_close_matches(key, OF_TENANTS, n=1)
                    raise ConfigurationProblem(
                        f"{where}: tenants have no such setting of their own"
                        + (f" (did you mean {near[0]}?)" if near else ""),
                        hint="they have " + ", ".join(sorted(OF_TENANTS)),
                    )
                try:
                    values[key] = self._declared[key].parse(text)
                except ValueError as error:
                    raise ConfigurationProblem(f"{where} = {text}: {error}") from None
        return values

    def sqlalchemy(self) -> dict[str, Any]:
        """The ``sqlalchemy.*`` keys, as :func:`sqlalchemy.engine_from_config` takes them."""
        return {key: value for key, value in self._raw.items() if key.startswith("sqlalchemy.")}
