"""By what a request names its tenant: a host name, or a claim; and for which tenant the tokens of others count."""

import time

import jwt
import pytest
import webtest

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.telemetry import measuring, page
from dynmodel_pyramid.web.tenants import check_settings
from tests.tenants.conftest import World, settings_with_tenants

SECRET = "s" * 32
BY_JWT = {"dynmodel.jwt_secret": SECRET, "dynmodel.jwt_roles": "admin"}


def signed(secret=SECRET, **claims):
    claims = {"sub": "ann", "role": "admin", "exp": int(time.time()) + 60, **claims}
    return jwt.encode(claims, secret, algorithm="HS256")


@pytest.fixture
def made(tmp_path):
    """A function that makes a world on SQLite: how a tenant is chosen does not depend on the database."""
    worlds = []
    contexts = []

    def make(**further):
        context = settings_with_tenants("sqlite", tmp_path, **further)
        contexts.append(context)
        worlds.append(World(context.__enter__()))
        return worlds[-1]

    yield make
    for world, context in zip(worlds, contexts, strict=True):
        world.close()
        context.__exit__(None, None, None)


def test_by_host(made):
    world = made(**{"dynmodel.tenants": "host", "dynmodel.tenant_domain": "Data.example.org"})
    for host in ("acme.data.example.org", "ACME.Data.Example.Org:8080", "acme.data.example.org."):
        assert world.send("GET", "/me/", token="acme", Host=host, status=200).json["roles"]
    assert world.send("GET", "/me/", token="beta", Host="acme.data.example.org", status=401)
    others = ("", "acme", "data.example.org", "nobody.data.example.org", "acme.beta.data.example.org", "acme.other.org",
              "acme.data.example.org@beta", "acme.data.example.org, beta.data.example.org", ".data.example.org",
              "acme.data.example.org:80:90", "acme%2e.data.example.org")  # fmt: skip
    for host in others:
        answer = world.send("GET", "/me/", token="acme", Host=host, status=404)
        assert answer.json["code"] == "not_found"
    # What a client, or a proxy that the server does not know, says in other headers counts for nothing.
    forged = {"X_Forwarded_Host": "beta.data.example.org", "Forwarded": "host=beta.data.example.org"}
    assert world.send("GET", "/me/", token="beta", Host="acme.data.example.org", status=401, **forged)
    for path in ("/live", "/ready"):
        world.send("GET", path, Host="10.0.0.7:8080", status=200)
    answer = world.send("GET", "/", token="acme", Host="acme.data.example.org", Accept="application/json", status=200)
    assert answer.json["links"]["tables"] == "/table/"


def test_metrics_are_of_no_tenant(made, monkeypatch):
    """Where another server runs the service, which leaves the page to the application."""
    monkeypatch.setattr(page, "installed", None)
    monkeypatch.setattr(measuring, "active", False)
    token = "0123456789abcdef"
    world = made(**{"dynmodel.metrics": "true", "dynmodel.metrics_token": token})
    for path in ("/metrics", "/metrics/", "/acme/metrics/"):
        assert "dynmodel_requests" in world.send("GET", path, token=token, status=200).text
        for other in (None, "acme"):
            world.send("GET", path, token=other, status=401)


def test_by_claim(made):
    world = made(**{"dynmodel.tenants": "claim", **BY_JWT})
    acme, beta = (signed(tenant=name) for name in ("acme", "beta"))
    table = {"model_name": "Thing", "fields": {"name": "string"}}
    for token in (acme, beta):
        world.send("POST", "/table/", table, token=token, status=201)
    world.send("POST", "/table/1/rows/", {"name": "acme's"}, token=acme, status=201)
    answer = world.send("GET", "/table/1/rows/", token=acme, status=200)
    assert [row["name"] for row in answer.json] == ["acme's"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert world.send("GET", "/table/1/rows/", token=beta, status=200).json == []
    assert world.send("GET", "/rest/Thing", Apikey=acme, status=200).json[0]["name"] == "acme's"
    # One name as a text; a list of them names none, and so does the wrong signature.
    for wrong in (None, [], ["acme"], ["acme", "beta"], {"acme": 1}, 1, True, ""):
        world.send("GET", "/table/", token=signed(tenant=wrong), status=401)
    world.send("GET", "/table/", token=signed("o" * 32, tenant="acme"), status=401)
    for unknown in ("nobody", "ACME", "acme/../beta", 'acme"; DROP SCHEMA public; --', "a" * 64):
        world.send("GET", "/table/", token=signed(tenant=unknown), status=404)
    # Without such a token there is no tenant: not with one of acme's own, nor for a browser.
    for token in (None, "acme"):
        assert world.send("GET", "/table/", token=token, status=401).json["code"] == "unauthenticated"
    world.send("GET", "/ui/", status=401)
    world.send("GET", "/ready", status=200)


def test_a_jwt_counts_for_the_tenant_that_it_names(made):
    world = made(**BY_JWT)
    assert world.send("GET", "/acme/me/", token=signed(tenant="acme"), status=200).json["roles"]
    for claims in ({"tenant": "beta"}, {}, {"tenant": ["acme", "beta"]}, {"tenant": "*"}):
        answer = world.send("GET", "/acme/me/", token=signed(**claims), status=401)
        assert answer.json["code"] == "invalid_credential"


def test_limits_of_rates_are_of_a_tenants_identities(made):
    world = made(**{"dynmodel.requests_per_second": "0.001", "dynmodel.requests_burst": "2"})
    for name in ("acme", "beta"):  # whose first tokens have the same id
        assert [world.send("GET", f"/{name}/me/", token=name).status_int for _ in range(3)] == [200, 200, 429]
    # Unknown tenants are paid for by the address.
    assert [world.send("GET", f"/nobody{number}/").status_int for number in range(3)] == [404, 404, 429]


@pytest.mark.parametrize(
    ("settings", "cause"),
    (
        ({"tenants": "host"}, "needs dynmodel.tenant_domain"),
        ({"tenants": "host", "tenant_domain": "a.org", "public_url": "https://a.org"}, "each tenant has its own"),
        ({"tenants": "claim"}, "needs JSON Web Tokens"),
        ({"tenants": "path", "tenant_settings": "/nowhere.ini"}, "No such file"),
        ({"tenant": "acme"}, "there are no tenants"),
    ),
)
def test_settings_that_do_not_go_together(settings, cause):
    from dynmodel_pyramid.database import Database

    with pytest.raises(ConfigurationProblem, match=cause):
        parsed = Settings({"sqlalchemy.url": "sqlite:////nowhere/data.sqlite",
                           **{f"dynmodel.{name}": value for name, value in settings.items()}})  # fmt: skip
        check_settings(parsed)
        Database(parsed)


@pytest.mark.parametrize("prefix", ("pg_", "", "Public", "a" * 16, 'a"b', "1a"))
def test_schemas_that_no_tenant_may_have(prefix):
    with pytest.raises(ConfigurationProblem, match=r"dynmodel.tenant_schemas"):
        Settings({"dynmodel.tenant_schemas": prefix})


def test_below_a_prefix_of_a_host_application(tmp_path):
    from tests.host import host_config

    with settings_with_tenants("sqlite", tmp_path) as settings:
        world = World(settings)
        wsgi = host_config(settings, prefix="/data").make_wsgi_app()
        app = webtest.TestApp(wsgi)
        headers = {"Authorization": f"Bearer {world.tokens['acme']}", "Accept": "application/json"}
        root = app.get("/data/acme/", headers=headers, status=200).json
        assert root["links"]["tables"] == "/data/acme/table/"
        assert app.get("/data/acme", headers=headers, status=200).json == root
        app.get("/data/beta/table/", headers=headers, status=401)
        app.get("/data/nobody/", status=404)
        assert app.get("/about", status=200).text == "about"
        wsgi.registry.dynmodel_tenants.close()
        world.close()
