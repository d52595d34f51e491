"""Open mode serves programs on this machine, and no page of another site."""

import logging

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, Forbidden
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.web.identity.open_mode import check_settings, refuse, tell_first_way_in
from tests.web.identity.requests_of import request_of, settings_of

OPEN = settings_of(access="open")

LET_IN = (
    {},
    {"peer": "127.3.2.1"},
    {"peer": "::1"},
    {"peer": "::ffff:127.0.0.1"},
    {"host": "localhost"},
    {"host": "LOCALHOST:80"},
    {"host": "app.localhost:6543"},
    {"host": "127.0.0.1:6543"},
    {"host": "127.9.9.9"},
    {"host": "[::1]:6543"},
    {"origin": "http://localhost:6543"},
    {"origin": "http://127.0.0.1", "host": "127.0.0.1:80"},
    {"method": "POST", "origin": "http://localhost:6543"},
)
REFUSED = (
    {"peer": None},
    {"peer": ""},
    {"peer": "192.0.2.1"},
    {"peer": "::ffff:192.0.2.1"},
    {"peer": "localhost"},  # waitress's name for the peer of a Unix socket
    {"peer": "127.0.0.1", "environ": {"dynmodel.peer": "192.0.2.1"}},
    {"peer": "192.0.2.1", "environ": {"dynmodel.peer": "127.0.0.1"}},
    {"forwarded": "for=127.0.0.1"},
    {"x_forwarded_for": "127.0.0.1"},
    {"x_forwarded_for": ""},
    {"via": "1.1 proxy"},
    {"x_real_ip": "127.0.0.1"},
    {"environ": {"dynmodel.proxied": True}},
    {"host": None},
    {"host": ""},
    {"host": "evil.example"},
    {"host": "evil.example:6543"},
    {"host": "localhost.evil.example"},
    {"host": "evillocalhost"},
    {"host": "localhost@evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "127.1"},
    {"host": "2130706433"},
    {"host": "0.0.0.0"},
    {"host": "192.168.1.5:6543"},
    {"host": "[::ffff:c000:201]"},
    {"host": "localhost:6543, evil.example"},
    {"host": "a" * 300 + ".localhost"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "http://localhost:5173"},
    {"origin": "https://localhost:6543"},
    {"origin": "http://localhost:6543.evil.example"},
    {"method": "OPTIONS", "origin": "https://evil.example"},
    {"host": "evil.example", "origin": "http://evil.example"},
)


@pytest.mark.parametrize("request_", LET_IN, ids=str)
def test_this_machine_is_let_in(request_):
    refuse(request_of(**request_), OPEN)


@pytest.mark.parametrize("request_", REFUSED, ids=str)
def test_others_are_refused(request_):
    with pytest.raises(Forbidden) as raised:
        refuse(request_of(**request_), OPEN)
    assert raised.value.code == "open_mode"
    assert "dynmodel.access" in raised.value.detail and "dynmodel.open_to" in raised.value.hint
    refuse(request_of(**request_), settings_of(access="open", open_to="anywhere"))
    refuse(request_of(**request_), settings_of())


def test_the_public_origin_is_own():
    settings = settings_of(access="open", public_url="http://app.localhost:6543")
    refuse(request_of(origin="http://app.localhost:6543"), settings)
    with pytest.raises(Forbidden):
        refuse(request_of(origin="http://localhost:6543"), settings)


def test_open_mode_and_cors_do_not_go_together():
    with pytest.raises(ConfigurationProblem, match="dynmodel.cors_origins"):
        check_settings(settings_of(access="open", cors_origins="https://a.example"))
    check_settings(settings_of(cors_origins="https://a.example"))


@pytest.mark.parametrize(("values", "words"), (({}, "this machine"), ({"open_to": "anywhere"}, "everybody")))
def test_the_start_warns_of_open_mode(values, words, caplog):
    with caplog.at_level(logging.WARNING):
        check_settings(settings_of(**values))
        assert not caplog.records
        check_settings(settings_of(access="open", **values))
    assert words in caplog.text


def test_the_start_tells_the_first_way_in(settings, caplog):
    database = Database(Settings(settings))
    token = database.system.access.token
    try:
        upgrade.upgrade(database)
        with database.writer.connect() as connection, connection.begin():
            tell_first_way_in(connection, database.system, settings_of(access="open"))
            tell_first_way_in(connection, database.system, settings_of(jwt_secret="x" * 32))
            assert "dynmodel-token" not in caplog.text
            tell_first_way_in(connection, database.system, settings_of())
            assert caplog.text.count("dynmodel-token create --role admin") == 1
            row = {"digest": "0", "name": "a", "roles": [], "narrowing": {}, "created_at": sa.func.current_timestamp()}
            connection.execute(token.insert().values(**row))
            tell_first_way_in(connection, database.system, settings_of())
            assert caplog.text.count("dynmodel-token create --role admin") == 1
    finally:
        database.close()
