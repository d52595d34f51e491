"""The section [server:main]: what is unknown or bad is refused by name; docs/serving.md lists every key of ours."""

import configparser
import re

import pytest
from waitress.adjustments import Adjustments

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.server.settings import DEFAULTS, SETTINGS, parse
from tests.documents import ROOT

PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"spool_totl": "1"}, r"\[server:main\] has an unknown key spool_totl; did you mean spool_total\?"),
        ({"xyzzy": "1"}, r"has an unknown key xyzzy \(docs/serving.md lists all keys\)"),
        ({"sockets": "1"}, "has an unknown key sockets"),
        ({"spool_total": "0"}, r"\[server:main\] spool_total = 0: want a whole number, at least 1"),
        ({"header_timeout": "0"}, "header_timeout = 0: want a number of seconds above 0"),
        ({"body_rate": "fast"}, "body_rate = fast: want a whole number, at least 0"),
        ({"live_page": "live"}, "live_page = live: want a path that begins with a slash"),
        ({"ready_page": "/"}, "ready_page = /: want a path"),
        ({"threads": "x"}, "threads = x: invalid literal"),
        ({"threads": "0"}, "threads = 0: want a whole number, at least 1"),
        ({"threads": "4", "answer_slots": "4"}, "answer_slots = 4: want fewer than threads, which is 4"),
        ({"listen": "127.0.0.1:http:x"}, r"\[server:main\]: Invalid host/port"),
        ({"trusted_proxy_count": "1"}, "trusted_proxy_count has no meaning"),
    ],
)
def test_bad_settings_are_refused_by_name(settings, message):
    with pytest.raises(ConfigurationProblem, match=message):
        parse(settings)


def test_what_is_not_set_has_a_default():
    limits = parse({})
    assert (limits.answer_slots, limits.connections_per_address, limits.live_page) == (2, 80, "/live")
    assert limits.adjustments.outbuf_high_watermark == 256 * 1024 * 1024
    assert parse({"threads": "1"}).answer_slots == 0
    assert parse({"connection_limit": "4"}).connections_per_address == 8
    assert parse({"outbuf_overflow": "17"}).adjustments.outbuf_overflow == 17


@pytest.mark.parametrize("name", [None, "development.ini", "production.ini"])
def test_an_address_may_have_what_a_load_test_needs_and_an_eighth_of_all(name):
    section = configparser.RawConfigParser()
    section.read_string("[server:main]" if name is None else (ROOT / name).read_text(encoding="utf-8"))
    limits = parse({key: value for key, value in section["server:main"].items() if key != "use"})
    assert 64 < limits.connections_per_address <= limits.adjustments.connection_limit / 8


def test_what_waitress_knows_it_is_given():
    limits = parse({"listen": "127.0.0.1:7", "channel_timeout": "7"})
    assert limits.listen == {"listen": "127.0.0.1:7"}
    assert Adjustments(sockets=[], **limits.waitress).channel_timeout == 7
    assert set(DEFAULTS) <= set(limits.waitress)


@pytest.mark.parametrize("name", [*(setting.name for setting in SETTINGS), *DEFAULTS])
def test_the_page_lists_every_key(name):
    assert re.search(rf"^\| `{name}` \|", PAGE, re.MULTILINE)


def test_the_page_lists_no_other():
    table = PAGE.partition("## Bounds of clients")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert set(listed) == {setting.name for setting in SETTINGS} | set(DEFAULTS)


def test_the_environment_wins(monkeypatch):
    monkeypatch.setenv("DYNMODEL_SERVER_LISTEN", "127.0.0.1:7")
    monkeypatch.setenv("DYNMODEL_SERVER_BODY_RATE", "5")
    monkeypatch.setenv("DYNMODEL_SERVER_THREADS", "")
    monkeypatch.setenv("DYNMODEL_SERVER_PROCESSES", "3")  # of another section
    limits = parse({"host": "127.0.0.1", "port": "8", "body_rate": "9", "threads": "6"})
    assert (limits.listen, limits.body_rate, limits.adjustments.threads) == ({"listen": "127.0.0.1:7"}, 5, 6)
    monkeypatch.setenv("DYNMODEL_SERVER_THREDS", "1")
    with pytest.raises(ConfigurationProblem, match=r"DYNMODEL_SERVER_THREDS; did you mean DYNMODEL_SERVER_THREADS\?"):
        parse({})
