"""The application of an INI file, for scripts: only it knows the field types and formats that it adds itself."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import plaster
from pyramid.paster import bootstrap

from dynmodel_pyramid.database import no_tenant_named
from dynmodel_pyramid.errors import ConfigurationProblem


@contextmanager
def registry_of(ini: str) -> Iterator[Any]:
    """The registry of the application; its database is closed at the end.

    :raises ConfigurationProblem: there is no such file or section; the service has tenants, and none is named
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            environment = bootstrap(ini)
    except (plaster.PlasterError, LookupError, ValueError) as error:
        raise ConfigurationProblem(f"{ini}: {error}") from None
    registry = environment["registry"]
    try:
        if registry.dynmodel_tenant is None:
            raise no_tenant_named(registry.dynmodel_settings)
        yield registry
    finally:
        environment["closer"]()
        registry.dynmodel_database.close()
