"""The application of an INI file, for scripts: only it knows the field types and formats that it adds itself.

Scripts that ask for rows start it (:func:`registry_of`). Those that look after a database only need its field types
(:func:`field_types_of`): they must work on a database that the application refuses.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import plaster
from pyramid.exceptions import ConfigurationExecutionError
from pyramid.paster import bootstrap

from dynmodel_pyramid.application import only_configured
from dynmodel_pyramid.database import no_tenant_named
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.fields import FieldTypes


@contextmanager
def registry_of(ini: str) -> Iterator[Any]:
    """The registry of the application; its database is closed at the end.

    :raises ConfigurationProblem: there is no such file or section; the service has tenants, and none is named
    """
    with _made(ini) as registry:
        if registry.dynmodel_tenant is None:
            raise no_tenant_named(registry.dynmodel_settings)
        yield registry


def field_types_of(ini: str) -> FieldTypes:
    """The field types that the application has: those that are installed, and those that it adds.

    :raises ConfigurationProblem: there is no such file or section, or its application can't be made
    """
    with only_configured(), _made(ini) as registry:
        types: FieldTypes = registry.dynmodel_field_types
        return types


@contextmanager
def _made(ini: str) -> Iterator[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            environment = bootstrap(ini)
    except ConfigurationExecutionError as error:  # of an application that includes the service
        if isinstance(error.evalue, DynmodelError):
            raise error.evalue from None
        raise
    except (plaster.PlasterError, LookupError, ValueError) as error:
        raise ConfigurationProblem(f"{ini}: {error}") from None
    registry = environment["registry"]
    try:
        if not hasattr(registry, "dynmodel_database"):
            raise ConfigurationProblem(
                f"{ini}: the application does not include dynmodel_pyramid",
                hint="file.ini#name takes [app:name]",
            )
        try:
            yield registry
        finally:
            registry.dynmodel_database.close()
    finally:
        environment["closer"]()
