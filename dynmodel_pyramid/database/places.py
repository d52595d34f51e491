"""Where the tables of each tenant are: in a schema of PostgreSQL, or in a file of SQLite.

A tenant exists if its schema, or file, is there with the system tables in it: no list beside it could say otherwise,
and a tenant that is restored from a backup is there again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import sqlalchemy as sa

from dynmodel_pyramid.settings import Settings

#: Begins a transaction (:meth:`Database.reading`, :meth:`Database.changing`).
Begin = Callable[[], AbstractContextManager[sa.Connection]]


class Places(ABC):
    """The tenants of one database.

    :param settings: those of the service
    :param url: its ``sqlalchemy.url``
    """

    #: Whether all tenants share the connections of the service.
    share_engine: bool
    #: What a tenant takes in memory besides its tables, in columns of tables (``dynmodel.class_cache_columns``).
    columns: int

    def __init__(self, settings: Settings, url: sa.URL) -> None:
        self.settings, self.url = settings, url

    @abstractmethod
    def settings_of(self, name: str) -> Settings:
        """The settings by which a tenant's database is opened."""

    @abstractmethod
    def exists(self, reading: Begin, name: str) -> bool:
        """
        :param reading: begins a read transaction in the service's database
        """

    @abstractmethod
    def names(self, reading: Begin) -> Iterator[str]:
        """The names of all tenants, in order."""

    @abstractmethod
    def check(self, reading: Begin) -> None:
        """Ask whether tenants can be reached.

        :raises sqlalchemy.exc.DBAPIError: they can't
        :raises OSError: likewise
        """

    def of_others(self, reading: Begin) -> Iterator[str]:
        """What is to be told of tenants of other services in this one's place."""
        return iter(())

    @abstractmethod
    def create(self, reading: Begin, name: str, fill: Callable[[Settings], None]) -> None:
        """Make a tenant: all of it or nothing.

        :param fill: makes the system tables where the settings say
        :raises Conflict: there is one of that name, or one of another service in its place
        """

    @abstractmethod
    def make_room(self, name: str, *, is_opened: bool) -> None:
        """Make the place where a tenant's tables come by a move, or by a restore.

        :param is_opened: whether connections make the tables there, which need a file to open
        """

    @abstractmethod
    def drop(self, reading: Begin, changing: Begin, name: str) -> None:
        """Destroy a tenant. Requests to it find none from the first step on; a drop that was killed is completed by the
        next one.
        """
