"""Tenants are made, dropped and listed: what the console script does."""

from collections.abc import Iterator
from contextlib import contextmanager

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.places import Places
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.settings.values import tenant_name


class TenantAdministration:
    """
    :param home: the service's own database
    """

    def __init__(self, home: Database, places: Places) -> None:
        self.home, self.places = home, places

    def names(self) -> Iterator[str]:
        return self.places.names(self.home.reading)

    def of_others(self) -> Iterator[str]:
        """What is to be told of tenants of other services (:meth:`Places.of_others`)."""
        return self.places.of_others(self.home.reading)

    def exists(self, name: str) -> bool:
        return self.places.exists(self.home.reading, checked(name))

    def create(self, name: str) -> None:
        """
        :raises ConfigurationProblem: it can't be a name
        :raises Conflict: there is one already
        """
        self.places.create(self.home.reading, checked(name), self._fill)

    def _fill(self, settings: Settings) -> None:
        database = Database(settings, home=self.home)
        try:
            upgrade.upgrade(database, is_new=True)
        finally:
            database.close()

    def upgrade(self, name: str) -> tuple[str | None, str]:
        """Upgrade a tenant's system tables (:func:`upgrade.upgrade`)."""
        database = Database(self.places.settings_of(name), home=self.home)
        try:
            return upgrade.upgrade(database)
        finally:
            database.close()

    def drop(self, name: str) -> None:
        """Destroy a tenant, and what a killed drop has left."""
        self.places.drop(self.home.reading, self.home.changing, checked(name))


def checked(name: str) -> str:
    """:raises ConfigurationProblem: it can't be the name of a tenant"""
    try:
        return tenant_name(name)
    except ValueError as error:
        raise ConfigurationProblem(f"{name!r:.80} can't be the name of a tenant: {error}") from None


@contextmanager
def administration(settings: Settings) -> Iterator[TenantAdministration]:
    """
    :raises ConfigurationProblem: the settings know no tenants
    """
    if settings.tenants == "none":
        raise ConfigurationProblem(
            "the service has no tenants", hint="set dynmodel.tenants = path, host or claim in the INI file"
        )
    settings.tenant_values()  # the whole file of settings is checked
    home = Database(settings, is_home=True)
    try:
        assert home.places is not None
        yield TenantAdministration(home, home.places)
    finally:
        home.close()
