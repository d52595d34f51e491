"""Settings are parsed once, and what is wrong with them is told by name at the start."""

import typing

import pytest

import dynmodel_pyramid
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.settings import report
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.settings.known import SETTINGS
from dynmodel_pyramid.settings.values import Setting, at_least

BAD = {
    "auto_upgrade": ("maybe", "want true or false"),
    "schema": ("a-b", "want letters"),
    "tenants": ("some", "want one of none, path, host, claim"),
    "tenant": ("a.b", "want at most 48 of the characters"),
    "tenant_domain": ("https://a.example", "want the name of a host"),
    "tenant_claim": ("app..tenant", "want keys"),
    "tenant_schemas": ("pg_", "not pg_"),
    "table_prefix": ("1a", "want letters"),
    "lock_timeout": ("0", "above 0"),
    "lock_attempt": ("nan", "above 0"),
    "stream_grace": ("0", "above 0"),
    "stream_timeout": ("never", "a number of seconds"),
    "online_rows": ("-1", "at least 0"),
    "class_cache_columns": ("0", "at least 1"),
    "trash_days": ("-1", "0 to 36500"),
    "max_body_size": ("1.5", "want a whole number"),
    "plan_enabled": ("perhaps", "want true or false"),
    "sqlite_synchronous": ("off", "want one of full, normal"),
    "sqlite_mmap_size": ("1 GB", "want a whole number"),
    "access": ("closed", "want one of enforced, open"),
    "open_to": ("everybody", "want one of loopback, anywhere"),
    "public_url": ("https://a.example/path", "want an origin"),
    "jwt_role_claim": ("app..role", "want keys"),
    "jwt_not_before": ("2026-01-31T12:00:00", "want a moment"),
    "requests_per_second": ("nan", "want a number, 0"),
    "max_tables": ("0", "at least 1"),
    "metrics_tables": ("201", "at most 200"),
}


def start(tmp_path, **settings):
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", **settings})
    wsgi.registry.dynmodel_catalogue.database.close()


def test_annotations_are_those_of_the_table():
    hints = typing.get_type_hints(Settings)
    assert list(hints) == [setting.name for setting in SETTINGS]
    for setting in SETTINGS:
        assert isinstance(setting.default, typing.get_origin(hints[setting.name]) or hints[setting.name]), setting.name


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_is_refused_by_name(tmp_path, name):
    text, cause = BAD[name]
    with pytest.raises(ConfigurationProblem, match=f"dynmodel.{name} = {text}: .*{cause}"):
        start(tmp_path, **{f"dynmodel.{name}": text})


def test_all_bad_values_are_told_at_once():
    with pytest.raises(ConfigurationProblem) as raised:
        Settings({f"dynmodel.{name}": text for name, (text, _) in BAD.items()})
    assert all(f"dynmodel.{name}" in str(raised.value) for name in BAD)


def test_an_unknown_key_is_refused_with_the_nearest_name(tmp_path):
    with pytest.raises(ConfigurationProblem) as raised:
        start(tmp_path, **{"dynmodel.lock_timout": "1", "dynmodel.zzz": "1"})
    assert "dynmodel.lock_timout (did you mean dynmodel.lock_timeout?), dynmodel.zzz" in str(raised.value)
    assert "dynmodel-settings" in str(raised.value)


@pytest.mark.parametrize(
    ("url", "cause"),
    (
        (None, "sqlalchemy.url is not set"),
        ("mysql://localhost/a", "mysql is not supported"),
        ("sqlite://", "in-memory"),
        ("sqlite:///${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
        ("sqlite:///$", "a \\$ must begin"),
    ),
)
def test_a_database_that_can_not_be_is_refused(url, cause):
    with pytest.raises(ConfigurationProblem, match=cause):
        dynmodel_pyramid.main({}, **({} if url is None else {"sqlalchemy.url": url}))


def test_the_environment_fills_the_url(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNMODEL_TEST_FOLDER", str(tmp_path))
    start(tmp_path, **{"sqlalchemy.url": "sqlite:///${DYNMODEL_TEST_FOLDER}/named.sqlite"})
    assert (tmp_path / "named.sqlite").exists()


def test_values_are_parsed_and_defaults_fill():
    settings = Settings({"dynmodel.auto_upgrade": "No", "dynmodel.cors_origins": "https://a https://b"})
    assert settings.auto_upgrade is False
    assert settings.cors_origins == ("https://a", "https://b")
    assert settings.lock_timeout == 10.0
    assert all(getattr(Settings(), setting.name) == setting.default for setting in SETTINGS)


def test_a_plugin_declares_a_setting_once():
    settings = Settings({"dynmodel.lamps": "0"})
    with pytest.raises(ConfigurationProblem, match="dynmodel.lamps = 0: want a whole number, at least 1"):
        settings.declare([Setting("lamps", at_least(1), 1, "How many lamps.")])
    with pytest.raises(ConfigurationProblem, match="dynmodel.schema is declared twice"):
        settings.declare([Setting("schema", str, "", "")])


def test_isolation_level_is_refused(settings):
    with pytest.raises(ConfigurationProblem, match="sqlalchemy.isolation_level"):
        dynmodel_pyramid.main({}, **settings, **{"sqlalchemy.isolation_level": "REPEATABLE READ"})


@pytest.mark.parametrize(
    ("text", "origin"),
    (
        ("https://Data.Example.org", "https://data.example.org"),
        ("https://data.example.org:443/", "https://data.example.org"),
        ("http://data.example.org:8080", "http://data.example.org:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("", ""),
    ),
)
def test_origins_are_written_as_browsers_do(text, origin):
    assert Settings({"dynmodel.public_url": text}).public_url == origin


@pytest.mark.parametrize(
    "text", ("data.example.org", "ftp://a", "https://", "https://u@a", "https://a?", "https://a#b", "https://a:99999")
)
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ConfigurationProblem, match="want an origin"):
        Settings({"dynmodel.public_url": text})


def test_paths_of_claims():
    for text, keys in (
        ("role", ("role",)),
        (".app.roles", ("app", "roles")),
        ('"https://a.example/roles".x', ("https://a.example/roles", "x")),
    ):
        assert Settings({"dynmodel.jwt_role_claim": text}).jwt_role_claim == keys


def test_secrets_come_from_the_environment_and_are_not_shown(monkeypatch):
    monkeypatch.setenv("DYNMODEL_TEST_SECRET", "hush")
    assert Settings({"dynmodel.jwt_secret": "${DYNMODEL_TEST_SECRET}!"}).jwt_secret == "hush!"
    for text, cause in (("hush${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE is not set"), ("hush$", "a \\$ must begin")):
        with pytest.raises(ConfigurationProblem, match=cause) as raised:
            Settings({"dynmodel.jwt_secret": text})
        assert "hush" not in str(raised.value)
    lines = list(report({"dynmodel.jwt_secret": "hush", "sqlalchemy.url": "sqlite:///a"}))
    assert not any("hush" in line for line in lines)


def test_variables_of_the_environment_win(monkeypatch, tmp_path):
    raw = {"dynmodel.max_tables": "7", "dynmodel.trash_days": "8"}
    monkeypatch.setenv("DYNMODEL_MAX_TABLES", "9")
    monkeypatch.setenv("DYNMODEL_TRASH_DAYS", "")
    settings = Settings(raw)
    assert (settings.max_tables, settings.trash_days) == (9, 8)
    assert "    now 9, by DYNMODEL_MAX_TABLES" in report(raw) and "    now 8" in report(raw)
    monkeypatch.setenv("DYNMODEL_LAMPS", "3")
    settings.declare([Setting("lamps", at_least(1), 1, "of a plugin")])
    assert settings.lamps == 3
    settings.refuse_unknown()
    monkeypatch.setenv("DYNMODEL_MAX_TABLES", "many")
    with pytest.raises(ConfigurationProblem, match="DYNMODEL_MAX_TABLES = many: want a whole number"):
        Settings(raw)


def test_misspelt_variables_are_refused(monkeypatch):
    monkeypatch.setenv("DYNMODEL_TEST_SOMETHING", "of other programs")
    Settings().refuse_unknown()
    monkeypatch.setenv("DYNMODEL_MAX_TABELS", "9")
    with pytest.raises(ConfigurationProblem, match="DYNMODEL_MAX_TABELS .*did you mean DYNMODEL_MAX_TABLES"):
        Settings().refuse_unknown()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_urls_of_postgresql(scheme):
    database = Database(Settings({"sqlalchemy.url": f"{scheme}://ann:hush@db.example/app?sslmode=require"}))
    assert str(database.engine.url) == "postgresql+psycopg://ann:***@db.example/app?sslmode=require"
    database.close()
