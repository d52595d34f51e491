"""``dynmodel-token`` and ``dynmodel-user``."""

import io

import pytest
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.access.accounts.secrets import is_token
from dynmodel_pyramid.scripts import token, user
from tests.server_process import write_ini
from tests.web.identity.conftest import People


@pytest.fixture
def ini(settings, tmp_path):
    """The INI file of a database that nobody has used yet."""
    return str(write_ini(tmp_path, settings, port=1))


@pytest.fixture
def run(capsys, monkeypatch):
    def run(main, *arguments, status=0, stdin=""):
        """What a command writes to standard output, and to standard error."""
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        assert main(list(arguments)) == status
        return capsys.readouterr()

    return run


def test_the_first_way_in(ini, run, settings):
    made = run(token.main, "create", "--role", "admin", ini)
    secret = made.out.strip()
    assert is_token(secret)
    assert "token 1, roles: admin" in made.err and secret not in made.err
    wsgi = dynmodel_pyramid.main({}, **settings)
    try:
        people = People(wsgi)
        assert people.me(secret=secret)["admin"]
        people.send("POST", "/table/", {"model_name": "Order", "fields": {"text": "string"}}, secret=secret, status=201)
        run(user.main, "create", ini, "Ann", "--no-password")
        options = ("--user", "ann", "--table", "order", "--read-only", "--days", "7", "--name", "robot")
        narrowed = run(token.main, "create", ini, *options).out.strip()
        me = people.me(secret=narrowed)
        assert (me["id"], me["read_only"]) == ("user:1", True)
        people.accounts.recogniser.usage.wait()
        listed = run(token.main, "list", ini).out.splitlines()
        assert listed[0].startswith("1: made on the console (roles: admin, last used 2")
        assert listed[2].startswith("3: robot (without roles, user:1, expires 2")
        assert not any(secret in line for line in listed)
        run(user.main, "create", ini, "Bo", "--role", "admin", "--no-password")
        assert "roles: admin" in run(token.main, "create", ini, "--user", "bo").err
        assert "is revoked" in run(token.main, "revoke", ini, "1").out
        people.accounts.recogniser._known.clear()  # as the proof of the next answer does
        people.send("GET", "/me/", secret=secret, status=401)
        events = people.send("GET", "/audit/?limit=2", secret=people.admin).json
        assert events[0]["detail"] == {"token": 1, "name": "made on the console", "user": None, "console": True}
        assert (events[0]["identity"], events[0]["event"]) == (None, "token_revoked")
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()


def test_users(ini, run, settings):
    assert (
        "user 1 (Ann) is made" in run(user.main, "create", ini, "Ann", "--role", "admin", stdin="right password\n").out
    )
    wsgi = dynmodel_pyramid.main({}, **settings)
    try:
        people = People(wsgi)
        browser = people.sign_in({"name": "Ann"})
        run(user.main, "disable", ini, "ANN")
        people.send("GET", "/me/", browser=browser, status=401)
        assert run(user.main, "list", ini).out == "1: Ann (roles: admin, disabled)\n"
        run(user.main, "enable", ini, "ann")
        run(user.main, "set-password", ini, "ann", stdin="another password")
        people.sign_in({"name": "Ann"}, "another password")
        audit = people.accounts.tables.audit
        with people.accounts.database.reading() as connection:
            events = list(connection.scalars(sa.select(audit.c.event).order_by(audit.c.id)))
        assert events == ["user_created", "signed_in", "user_changed", "user_changed", "password_changed", "signed_in"]
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.mark.parametrize("database", ("sqlite",))
def test_refusals(ini, run, database):
    for main, arguments, stdin, cause in (
        (token.main, ("create", "--role", "nonesuch", ini), "", "no role 'nonesuch' (there are admin, authenticated"),
        (token.main, ("create", "--user", "nobody", ini), "", "no user 'nobody'"),
        (token.main, ("create", "--table", "Nonesuch", ini), "", "no table 'Nonesuch'"),
        (token.main, ("revoke", ini, "7"), "", "no token 7"),
        (token.main, ("list", "missing.ini"), "", "missing.ini"),
        (user.main, ("create", ini, "Ann"), "short", "want at least 8 characters"),
        (user.main, ("create", ini, " "), "right password", "want printable characters"),
        (user.main, ("set-password", ini, "Ann"), "right password", "no user 'Ann'"),
        (user.main, ("disable", ini, "Ann"), "", "no user 'Ann'"),
    ):
        said = run(main, *arguments, status=1, stdin=stdin)
        assert said.out == ""
        assert cause in said.err
        assert "right password" not in said.err


@pytest.mark.parametrize("database", ("sqlite",))
def test_a_password_is_asked_for_twice(ini, run, monkeypatch, database):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    answers = iter(("right password", "wrong password", "right password", "right password"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    monkeypatch.setattr("io.StringIO", Terminal)
    assert "the two passwords differ" in run(user.main, "create", ini, "Ann", status=1).err
    run(user.main, "create", ini, "Ann")


def test_no_password_is_an_argument(run, capsys):
    with pytest.raises(SystemExit):
        user.main(["set-password", "x.ini", "Ann", "right password"])
    assert "unrecognized arguments" in capsys.readouterr().err
