"""Fixtures: ``world`` is a service with the tenants ``acme`` and ``beta``, whose tables, ids and users are alike."""

import secrets
from contextlib import contextmanager

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.administration import administration
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.access.conftest import cheap_hashes
from tests.system_tables import make_system_tables

NAMES = ("acme", "beta")
TABLE = {
    "model_name": "Thing",
    "fields": {
        "name": {"type": "string", "unique": True},
        "near": {"type": "link", "table": "Thing", "reverse": "far"},
    },
}
PASSWORD = "right password"


@contextmanager
def settings_with_tenants(database, folder, **further):
    """INI settings of a service with tenants by path, none of which is there yet."""
    with database_settings(database, folder, access="enforced") as made:
        made.pop("dynmodel.schema", None)
        made |= {"dynmodel.tenants": "path", "dynmodel.tenant_schemas": f"t{secrets.token_hex(4)}_", **further}
        try:
            yield made
        finally:
            with administration(Settings(made)) as tenants:
                for name in tenants.names():
                    tenants.drop(name)


def make_from_template(tenants, name):
    """What ``tenants.create`` does, in a tenth of the time."""
    made = dict(tenants.places.settings_of(name)._raw)
    if tenants.places.share_engine:
        made["dynmodel.schema"] = tenants.places.schema(name)
    else:
        tenants.places.folder.mkdir(exist_ok=True)
    make_system_tables(made)


class World:
    """A service with tenants, and requests to them."""

    def __init__(self, settings, names=NAMES):
        self.settings = settings
        with administration(Settings(settings)) as tenants:
            for name in names:
                make_from_template(tenants, name)
        self.wsgi = dynmodel_pyramid.main({}, **settings)
        self.tokens = {name: self.token(name, "admin") for name in names}

    @property
    def tenants(self):
        return self.wsgi.registry.dynmodel_tenants

    def token(self, name, *roles):
        accounts = self.tenants.get(name).accounts
        cheap_hashes(accounts)
        with accounts.database.writer.begin() as connection:
            return accounts.tokens.create(connection, name="test", roles=roles)[1]

    def send(self, method, path, document=None, *, token=None, status=None, **headers):
        """:param token: a secret, or the name of the tenant whose administrator's token it is"""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {self.tokens.get(token, token)}"
        app, options = webtest.TestApp(self.wsgi), {"headers": headers, "expect_errors": True}
        if document is None:
            answer = app.request(path, method=method, **options)
        else:
            answer = getattr(app, f"{method.lower()}_json")(path, document, **options)
        assert status in (None, answer.status_int), (method, path, answer.status, answer.text)
        return answer

    def fill(self, name):
        """The same table, rows and user in each tenant; only the values name it."""
        self.send("POST", f"/{name}/table/", TABLE, token=name, status=201)
        rows = [{"name": f"{name} 1"}, {"name": f"{name} 2", "near": 1}]
        self.send("POST", f"/{name}/table/1/rows/", rows, token=name, status=201)
        view = {"name": "mine", "query": "select=name"}
        self.send("POST", f"/{name}/table/1/view/", view, token=name, status=201)
        self.send("POST", f"/{name}/user/", {"name": "ann", "password": PASSWORD, "roles": ["admin"]}, token=name)

    def close(self):
        self.tenants.close()


@pytest.fixture(scope="module", params=DATABASES)
def world(request, tmp_path_factory):
    with settings_with_tenants(request.param, tmp_path_factory.mktemp("tenants")) as settings:
        made = World(settings)
        for name in NAMES:
            made.fill(name)
        yield made
        made.close()
