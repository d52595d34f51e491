"""The application, in the order in which it is made: :func:`main` and :func:`includeme` of the package."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import sqlalchemy as sa
from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.exceptions import ConfigurationExecutionError, URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.interfaces import ITweens
from pyramid.registry import Registry
from pyramid.router import Router
from pyramid.threadlocal import get_current_request
from pyramid.tweens import EXCVIEW, INGRESS
from webob.request import DisconnectionError

from dynmodel_pyramid import orm
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.catalogue.unsupported_options import report_unsupported
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.directives import add_dynmodel_setting, add_field_type, add_row_format, set_dynmodel_identity
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.events.subscribers import OperationPredicate, Subscribers, TablePredicate
from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.lines import write_json
from dynmodel_pyramid.telemetry.page import MetricsPage, install
from dynmodel_pyramid.tenants.tenant import Tenant, tenant_in
from dynmodel_pyramid.tenants.tenants import Tenants
from dynmodel_pyramid.web import tenants
from dynmodel_pyramid.web.http import errors as web_errors
from dynmodel_pyramid.web.http.request_classes import share_request_classes
from dynmodel_pyramid.web.http.tree import ROUTE
from dynmodel_pyramid.web.identity import open_mode
from dynmodel_pyramid.web.identity.policy import SecurityPolicy
from dynmodel_pyramid.web.resources import root_factory

_TM = "pyramid_tm.tm_tween_factory"
_TWEENS = "dynmodel_pyramid.web.transactions"
_CACHING = "dynmodel_pyramid.web.identity.caching.caching_tween_factory"
_ENCODING = "dynmodel_pyramid.web.encoded.encoding_tween_factory"
_OBSERVING = "dynmodel_pyramid.web.observed.observing_tween_factory"
#: The tweens that must be in effect, from the outside to the inside.
TWEENS = (
    _OBSERVING,
    "dynmodel_pyramid.web.cors.cors_tween_factory",
    _CACHING,
    f"{_TWEENS}.attempts_tween_factory",
    _TM,
    f"{_TWEENS}.confirmation_tween_factory",
    EXCVIEW,
    "dynmodel_pyramid.web.mount.mount_tween_factory",
)


_is_only_configured: ContextVar[bool] = ContextVar("_is_only_configured", default=False)


@contextmanager
def only_configured() -> Iterator[None]:
    """Applications made meanwhile are not started: no database is asked, made or upgraded, and nothing is measured.

    So scripts learn which field types an application adds, whatever state its database is in.
    """
    token = _is_only_configured.set(True)
    try:
        yield
    finally:
        _is_only_configured.reset(token)


def main(global_config: Mapping[str, str], **settings: Any) -> Router:
    """The WSGI application of an INI file (``paste.app_factory``)."""
    settings.setdefault("tm.manager_hook", "pyramid_tm.explicit_manager")
    settings.setdefault("tm.annotate_user", "false")
    settings.setdefault("tm.activate_hook", f"{_TWEENS}.writes")
    try:
        with Configurator(settings=settings) as config:
            if Settings(settings).log_format == "json":
                write_json()
            config.include("pyramid_tm")
            config.include("dynmodel_pyramid")
            config.set_security_policy(SecurityPolicy())
            # An address that isn't UTF-8 fails before the route is matched. Here that affects no other application.
            config.add_exception_view(web_errors.undecodable_view, context=URLDecodeError)
            # Tenants that are chosen by the path leave addresses that no route matches, such as /.
            config.add_exception_view(web_errors.not_found_view, context=HTTPNotFound)
        return config.make_wsgi_app()
    except ConfigurationExecutionError as error:
        if isinstance(error.evalue, ConfigurationProblem):
            raise error.evalue from None
        raise


def includeme(config: Configurator) -> None:
    """Mount the service under the include's ``route_prefix`` (docs/embedding.md).

    It sets no root factory, execution policy, security policy or transaction manager: a host application has its own.
    It needs pyramid_tm, in explicit mode or not.
    """
    if _is_included(config):
        return
    settings = Settings(config.registry.settings)
    field_types = FieldTypes()
    field_types.load_entry_points()
    tenants.check_settings(settings)
    has_tenants = settings.tenants != "none" and not settings.tenant
    database = Database(settings, is_home=has_tenants)
    settings = database.settings
    formats = Formats()
    formats.load_entry_points()
    config.registry.dynmodel_settings = settings
    config.registry.dynmodel_formats = formats
    config.registry.dynmodel_field_types = field_types
    config.registry.dynmodel_database = database
    config.registry.dynmodel_tenant = config.registry.dynmodel_tenants = None
    if has_tenants:
        # There is no catalogue of the application then, but one for each tenant.
        config.registry.dynmodel_tenants = Tenants(database, field_types, orm, partial(_let_watch, config.registry))
    else:
        tenant = config.registry.dynmodel_tenant = tenant_in(database, field_types, orm)
        config.registry.dynmodel_catalogue = tenant.catalogue
    config.registry.dynmodel_bases = {}
    config.registry.dynmodel_error_writers = {}
    config.registry.dynmodel_metrics = _metrics(settings)
    config.add_directive("add_field_type", add_field_type)
    config.add_directive("add_row_format", add_row_format)
    config.add_directive("add_dynmodel_setting", add_dynmodel_setting)
    config.add_directive("set_dynmodel_identity", set_dynmodel_identity)
    for predicate in (TablePredicate, OperationPredicate):
        config.add_subscriber_predicate(predicate.name, predicate)

    # From the outside to the inside; attempts stand around pyramid_tm, the confirmation within it.
    config.add_tween(_OBSERVING, under=INGRESS, over=(_TM, EXCVIEW))
    config.add_tween("dynmodel_pyramid.web.cors.cors_tween_factory", under=(INGRESS, _OBSERVING), over=(_TM, EXCVIEW))
    config.add_tween(_ENCODING, under=(INGRESS, "dynmodel_pyramid.web.cors.cors_tween_factory"), over=(_TM, EXCVIEW))
    config.add_tween(
        _CACHING, under=(INGRESS, _ENCODING, "dynmodel_pyramid.web.cors.cors_tween_factory"), over=(_TM, EXCVIEW)
    )
    config.add_tween(
        f"{_TWEENS}.attempts_tween_factory",
        under=(INGRESS, _CACHING, "dynmodel_pyramid.web.cors.cors_tween_factory"),
        over=(_TM, EXCVIEW),
    )
    config.add_tween(f"{_TWEENS}.confirmation_tween_factory", under=(_TM, INGRESS), over=EXCVIEW)
    config.add_tween("dynmodel_pyramid.web.mount.mount_tween_factory", under=EXCVIEW)

    config.add_route(ROUTE, tenants.pattern(config), factory=root_factory)
    modules = ("views", "service.about", "rest", "identity", "openapi.viewer", "page")
    for module in modules:
        config.include(f"dynmodel_pyramid.web.{module}", route_prefix=None)
    for context, view in (
        (Exception, web_errors.unexpected_error_view),
        (UnicodeDecodeError, web_errors.undecodable_view),
        (DisconnectionError, web_errors.incomplete_body_view),
        (HTTPException, web_errors.http_exception_view),
        (HTTPNotFound, web_errors.not_found_view),
        (DynmodelError, web_errors.domain_error_view),
        (Stale, web_errors.stale_view),
        (sa.exc.DBAPIError, web_errors.database_error_view),
    ):
        config.add_exception_view(view, context=context, route_name=ROUTE)

    # After all includes and directives.
    config.action(("dynmodel", "start"), _start, args=(config, settings), order=PHASE3_CONFIG + 10)


def _metrics(settings: Settings) -> MetricsPage | None:
    """Begin to look at what requests do; -> the page of metrics, if it is turned on."""
    if not settings.observes or _is_only_configured.get():
        return None
    try:
        measuring.begin(settings.metrics_file, slow_statement=settings.slow_statement, tables=settings.metrics_tables)
    except OSError as error:
        raise ConfigurationProblem(f"dynmodel.metrics_file = {settings.metrics_file}: {error.strerror}") from error
    if not settings.metrics:
        return None
    page = MetricsPage(settings.metrics_token)
    install(page)
    return page


def _is_included(config: Configurator) -> bool:
    """Whether the service is mounted already; a package that needs its directives may include it again.

    :raises ConfigurationProblem: it is mounted under another prefix
    """
    prefix = config.route_prefix
    # Pyramid passes over a second include in silence, whatever its prefix.
    config.action_state._seen_files.discard("dynmodel_pyramid:includeme")
    if not hasattr(config.registry, "dynmodel_prefix"):
        config.registry.dynmodel_prefix = prefix
        return False
    mounted = config.registry.dynmodel_prefix
    if prefix not in (None, mounted):
        raise ConfigurationProblem(
            f"dynmodel_pyramid is included under {mounted or '/'} and under {prefix}",
            hint="an application has it once: let the first include have the prefix, or make a second application",
        )
    return True


def _start(config: Configurator, settings: Settings) -> None:
    database = config.registry.dynmodel_database
    share_request_classes(config.registry)
    try:
        _refuse_bad_configuration(config, settings)
        if _is_only_configured.get():
            return
        database.dialect.refuse_unsound(database.engine)
        open_mode.check_settings(settings)
        tenant: Tenant | None = config.registry.dynmodel_tenant
        if tenant is None:
            return  # each tenant's tables are looked at when it is opened
        if settings.auto_upgrade:
            upgrade.upgrade(database)
            report_unsupported(tenant.catalogue)
        else:
            upgrade.check(database)
        _let_watch(config.registry, tenant)
        with database.reading() as connection:
            open_mode.tell_first_way_in(connection, database.system, settings)
    except BaseException:
        database.close()
        raise


def _let_watch(registry: Registry, tenant: Tenant) -> None:
    """Let the application's subscribers hear of a tenant's writes and changes."""
    subscribers = Subscribers(registry, tenant.catalogue, get_current_request)
    if subscribers.is_heard:
        tenant.catalogue.watcher = subscribers


def _refuse_bad_configuration(config: Configurator, settings: Settings) -> None:
    settings.refuse_unknown()
    missing = _missing_tweens(config)
    if _TM in missing:
        raise ConfigurationProblem(
            "dynmodel_pyramid needs a transaction manager", hint='call config.include("pyramid_tm") as well'
        )
    if missing:
        raise ConfigurationProblem(
            f"the setting pyramid.tweens leaves out {', '.join(missing)}",
            hint=f"let it hold, in this order, {' '.join(TWEENS)}",
        )


def _missing_tweens(config: Configurator) -> list[str]:
    tweens = config.registry.queryUtility(ITweens)
    in_effect = {name for name, _ in tweens.explicit or tweens.implicit()}
    return [name for name in TWEENS if name not in in_effect]
