"""The directives that an application, or a package that it includes, may call on the configurator."""

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.settings.values import Setting


def add_field_type(config: Configurator, name: str, cls: type[FieldType]) -> None:
    """Register a field type that has no entry point. Two of one name are a configuration conflict.

    :raises ConfigurationProblem: the class breaks the contract, or an installed type has the name
    """
    types = config.registry.dynmodel_field_types
    module = config.package.__name__
    introspectable = config.introspectable(
        "dynmodel field types", name, f"{cls.__module__}.{cls.__qualname__}", "field type"
    )
    introspectable["class"] = cls
    config.action(
        ("dynmodel field type", name),
        lambda: types.register(name, cls, module),
        introspectables=(introspectable,),
    )


def add_row_format(config: Configurator, name: str, format: Format) -> None:
    """Register a format of rows that has no entry point. Two for one media type are a configuration conflict.

    :raises ConfigurationProblem: it is not a format, or an installed one serves its media type
    """
    formats = config.registry.dynmodel_formats
    module = config.package.__name__
    introspectable = config.introspectable(
        "dynmodel row formats", name, getattr(format, "media_type", name), "row format"
    )
    introspectable["format"] = format
    config.action(
        ("dynmodel row format", getattr(format, "media_type", name)),
        lambda: formats.register(name, format, module),
        introspectables=(introspectable,),
    )


def add_dynmodel_setting(config: Configurator, setting: Setting) -> None:
    """Declare a ``dynmodel.*`` key of a plugin; its value becomes an attribute of ``registry.dynmodel_settings`` at
    once.

    :raises ConfigurationProblem: the key exists, or its value in the INI is bad
    """
    config.registry.dynmodel_settings.declare([setting])
    introspectable = config.introspectable("dynmodel settings", setting.name, f"dynmodel.{setting.name}", "setting")
    introspectable["setting"] = setting
    config.action(("dynmodel setting", setting.name), introspectables=(introspectable,))


def set_dynmodel_identity(config: Configurator, identify: Callable[[Request], Mapping[str, Any] | str | None]) -> None:
    """Let a function of the host application tell who sends a request: it gets the request, and returns None for
    nobody, an id, or a mapping with ``id`` and, if it likes, ``name``, ``email``, ``roles`` and ``claims``.

    The identity's id is ``host:`` and the id. Without this, the id is ``request.authenticated_userid``. A credential of
    the service, which the request bears, comes first. Two functions are a configuration conflict.
    """
    introspectable = config.introspectable(
        "dynmodel identity", "identity", getattr(identify, "__name__", ""), "identity"
    )

    def register() -> None:
        config.registry.dynmodel_identity = identify

    config.action(("dynmodel identity",), register, introspectables=(introspectable,))
