"""The service as a part of somebody else's application, and its classes in scripts and shells."""

import pytest
import webtest
from pyramid.exceptions import ConfigurationExecutionError

from dynmodel_pyramid.application import TWEENS
from dynmodel_pyramid.errors import ConfigurationProblem
from tests.host import host_config

FIELDS = {"name": "string", "price": "number"}


@pytest.fixture
def serve():
    """A function that makes a WebTest application of a configurator."""
    registries = []

    def make(config) -> webtest.TestApp:
        registries.append(config.registry)
        return webtest.TestApp(config.make_wsgi_app())

    yield make
    for registry in registries:
        registry.dynmodel_catalogue.database.close()


@pytest.fixture
def make_host(serve, settings):
    return lambda **further: serve(host_config(settings, **further))


@pytest.fixture
def host(make_host):
    return make_host()


def test_the_host_stays_as_it_was(host):
    assert host.get("/").text == "host root"
    assert host.get("/a/").text == "host root"
    assert host.get("/about").text == "about"
    assert host.get("/database").text == "the host's database page"
    assert host.get("/nothing", status=404).text == "host 404"
    assert host.get("/table/", status=404).text == "host 404"
    assert host.get("/live", status=404).text == "host 404"
    assert host.get("/dat", status=404).text == "host 404"
    assert host.get("/about?fail=1", status=500).text == "host error"
    assert host.get("/secret").text == "secret"
    assert host.get("/secret", headers={"X-User": "nobody"}, status=403).text == "host 403"
    for path in ("/", "/about", "/nothing", "/data/"):
        assert host.get(path, status="*").headers["X-Host"] == "here"


@pytest.mark.parametrize("path", ("/data", "/data/"))
def test_the_root_is_there_with_and_without_a_slash(host, path):
    answer = host.get(path)
    assert answer.json["name"] == "dynmodel_pyramid"
    assert answer.json["links"]["tables"] == "/data/table/"
    assert host.head(path).status_int == 200
    assert "GET" in host.options(path).headers["Allow"]
    assert host.delete(path, status=405).json["code"] == "method_not_allowed"


def test_the_service_works_under_the_prefix(host):
    made = host.post_json("/data/table/", {"model_name": "Product", "fields": FIELDS}, status=201)
    assert made.headers["Location"] == "/data/table/1/"
    row = host.post_json("/data/table/1/rows/", {"name": "a", "price": 1.5}, status=201)
    assert row.headers["Location"] == "/data/table/1/rows/1/"
    assert host.get(row.headers["Location"]).json == {"id": 1, "name": "a", "price": 1.5}
    assert host.get("/data/table/Product/rows").json == [{"id": 1, "name": "a", "price": 1.5}]
    assert host.patch_json("/data/table/1/rows/1/", {"price": 2}).json["price"] == 2
    assert host.delete("/data/table/1/rows/1/").status_int == 204
    for link in host.get("/data").json["links"].values():
        assert host.get(link).status_int == 200


def test_its_errors_are_its_own(host):
    for path, status in (("/data/nothing", 404), ("/data/table/1/", 404), ("/data/table/?a=1", 400)):
        answer = host.get(path, status=status)
        assert answer.content_type == "application/problem+json"
        assert "host" not in answer.text
    refused = host.post_json("/data/table/", {"model_name": "a b"}, status=422)
    assert refused.json["code"] == "validation"


def test_a_script_name_is_part_of_links(host):
    environ = {"SCRIPT_NAME": "/app"}
    assert host.get("/data", extra_environ=environ).json["links"]["tables"] == "/app/data/table/"


def test_the_prefix_may_be_nested_and_have_parts(serve, settings):
    from pyramid.config import Configurator

    def inner(config):
        config.include("dynmodel_pyramid", route_prefix="{tenant}/data")

    config = Configurator(settings=settings)
    config.include("pyramid_tm")
    config.include(inner, route_prefix="/a")
    app = serve(config)
    assert app.get("/a/x/data").json["name"] == "dynmodel_pyramid"
    assert app.get("/a/x/data/live").json == {"status": "live"}
    app.get("/a/x", status=404)


def test_a_route_of_the_host_goes_before_the_slashless_root(serve, settings):
    config = host_config(settings)
    config.add_route("data", "/data")
    config.add_view(lambda request: request.response, route_name="data", renderer="string")
    app = serve(config)
    assert app.get("/data").content_type != "application/json"
    assert app.get("/data/").json["name"] == "dynmodel_pyramid"


def test_a_default_permission_of_the_host_guards_the_service(serve, settings):
    config = host_config(settings)
    config.set_default_permission("view")
    app = serve(config)
    assert app.get("/data/table/").json == []
    refused = app.get("/data/table/", headers={"X-User": "nobody"}, status=403)
    assert refused.content_type == "application/problem+json"
    # Errors are not guarded: what is not there is told to all.
    assert app.get("/data/nothing", headers={"X-User": "nobody"}, status=404).json["code"] == "not_found"


@pytest.mark.parametrize(
    "further",
    (
        {"tm.manager_hook": "pyramid_tm.explicit_manager"},
        {"tm.activate_hook": "tests.host.only_own_paths"},
        {"tm.activate_hook": "dynmodel_pyramid.web.transactions.writes"},
        {"tm.annotate_user": "true", "tm.commit_veto": "pyramid_tm.default_commit_veto"},
    ),
)
def test_transactions_are_the_hosts(make_host, further):
    app = make_host(**further)
    app.post_json("/data/table/", {"model_name": "Product", "fields": FIELDS}, status=201)
    app.post_json("/data/table/1/rows/", {"name": "a"}, status=201)
    app.post_json("/data/table/1/rows/", {"name": 1}, status=422)
    app.post_json("/data/table/1/rows/", [{"name": "b"}, {"nothing": 1}], status=422)
    assert [row["name"] for row in app.get("/data/table/1/rows/").json] == ["a"]


def test_writes_without_a_transaction_are_refused(make_host, caplog):
    app = make_host(**{"tm.activate_hook": "tests.host.nowhere"})
    app.post_json("/data/table/", {"model_name": "Product", "fields": FIELDS}, status=201)
    assert app.post_json("/data/table/1/rows/", {"name": "a"}, status=500).json["code"] == "internal_error"
    assert "tm.activate_hook" in caplog.text
    assert app.get("/data/table/1/rows/").json == []


def test_the_host_may_retry(serve, settings):
    config = host_config(settings)
    config.include("pyramid_retry")
    app = serve(config)
    app.post_json("/data/table/", {"model_name": "Product", "fields": FIELDS}, status=201)
    app.post_json("/data/table/1/rows/", {"name": "a"}, status=201)
    assert app.get("/data/table/1/rows/").json[0]["name"] == "a"


# What is missing is told at start


def refused(serve, config) -> str:
    with pytest.raises(ConfigurationExecutionError) as raised:
        serve(config)
    return str(raised.value)


def test_a_missing_transaction_manager_is_told_at_start(serve, settings):
    assert 'config.include("pyramid_tm")' in refused(serve, host_config(settings, transactions=False))


def test_explicit_tweens_must_hold_ours(serve, settings):
    tweens = ["pyramid_tm.tm_tween_factory", "pyramid.tweens.excview_tween_factory"]
    told = refused(serve, host_config(settings, **{"pyramid.tweens": "\n".join(tweens)}))
    assert "pyramid.tweens leaves out" in told and "attempts_tween_factory" in told
    assert 'include("pyramid_tm")' in refused(serve, host_config(settings, **{"pyramid.tweens": tweens[1]}))
    config = host_config(settings, **{"pyramid.tweens": "\n".join(TWEENS)})
    app = serve(config)
    assert app.get("/data").json["name"] == "dynmodel_pyramid"


def test_a_package_brings_its_type_and_setting_by_pyramid_includes(make_app):
    app = make_app(**{"pyramid.includes": "tests.included", "dynmodel.lamps": "3"})
    assert "lamp" in app.get("/").json["capabilities"]["field_types"]
    assert app.app.registry.dynmodel_settings.lamps == 3


def test_definition_changes_tell_their_author(host):
    table, ann, bob = "/data/table/1/", {"X-User": "ann"}, {"X-User": "bob"}
    host.post_json("/data/table/", {"model_name": "Signed", "fields": {"a": "string"}}, headers=ann)
    host.put_json(table, {"fields": {"a": "text"}}, headers=bob)
    host.patch_json(table, {"label": "L"}, headers=ann)
    host.post(f"{table}history/1/revert/", headers=bob)
    history = host.get(f"{table}history/").json
    assert [version["changed_by"] for version in history] == ["host:bob", "host:ann", "host:bob", "host:ann"]
    host.delete(table, headers=ann)
    catalogue = host.app.registry.dynmodel_catalogue
    log = catalogue.store.system.change
    with catalogue.database.reading() as connection:
        found = connection.execute(log.select().order_by(log.c.revision.desc())).first()
    assert (found.changed_by, found.name_after) == ("host:ann", None)


def test_a_second_include(serve, settings):
    config = host_config(settings)
    config.include("dynmodel_pyramid")
    config.include("dynmodel_pyramid", route_prefix="/data")
    with pytest.raises(ConfigurationProblem, match="is included under data and under other"):
        config.include("dynmodel_pyramid", route_prefix="/other")
    assert serve(config).get("/data/").json["links"]["tables"] == "/data/table/"
