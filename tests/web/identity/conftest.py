"""Fixtures: ``people`` has one application for a module and database, with an administrator's token."""

import itertools

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.access.conftest import cheap_hashes

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "right password"
_numbers = itertools.count(1)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


class People:
    """An application, and shorthand for requests of its users."""

    def __init__(self, wsgi):
        self.wsgi = wsgi
        self.accounts = wsgi.registry.dynmodel_tenant.accounts
        cheap_hashes(self.accounts)
        self.admin = self.token("admin")

    def token(self, *roles, **values):
        """The secret of a new token."""
        with self.accounts.database.writer.begin() as connection:
            return self.accounts.tokens.create(connection, name="test", roles=roles, **values)[1]

    def browser(self):
        """A client that keeps cookies, from an address of its own."""
        number = next(_numbers)
        return webtest.TestApp(self.wsgi, extra_environ={"REMOTE_ADDR": f"10.3.{number // 256}.{number % 256}"})

    def send(self, method, path, document=None, *, secret=None, browser=None, status=None, **headers):
        """A request with a secret as bearer token, or of a browser."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if secret is not None:
            headers |= bearer(secret)
        if browser is not None and method not in ("GET", "HEAD"):
            headers = {**SAME_ORIGIN, **headers}
        app = browser or self.browser()
        options = {"headers": headers, "expect_errors": True}
        if document is None:
            answer = app.request(path, method=method, **options)
        else:
            call = getattr(app, f"{method.lower()}_json")
            answer = call(path, document, **options)
        assert status in (None, answer.status_int), (answer.status, answer.text)
        return answer

    def user(self, *roles, **values):
        """A new user's document."""
        document = {"name": f"User {next(_numbers)}", "password": PASSWORD, "roles": list(roles), **values}
        return self.send("POST", "/user/", document, secret=self.admin, status=201).json

    def sign_in(self, user, password=PASSWORD, browser=None):
        """A browser in which the user is signed in."""
        browser = browser or self.browser()
        self.send("POST", "/session/", {"name": user["name"], "password": password}, browser=browser, status=201)
        return browser

    def me(self, **how):
        return self.send("GET", "/me/", **how, status=200).json


@pytest.fixture(scope="module", params=DATABASES)
def people(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("people"), "enforced") as settings:
        further = {"dynmodel.signin_failures": "3", "dynmodel.max_tokens": "3"}
        wsgi = dynmodel_pyramid.main({}, **{**settings, **further})
        found = People(wsgi)
        found.settings = {**settings, **further}
        yield found
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def settings(database, tmp_path):
    with database_settings(database, tmp_path, "enforced") as found:
        yield found
