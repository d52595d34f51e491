"""All that belongs to one tenant. Nothing of it is found from another one's."""

from dataclasses import dataclass

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.passwords import Passwords
from dynmodel_pyramid.access.current import CurrentAccess
from dynmodel_pyramid.access.kept_answers import KeptAnswers
from dynmodel_pyramid.catalogue.catalogue import ORM, Catalogue
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.fields import FieldTypes


@dataclass(frozen=True, slots=True, eq=False)
class Tenant:
    """
    :param name: empty in a service without tenants
    """

    name: str
    catalogue: Catalogue
    accounts: Accounts
    access: CurrentAccess
    kept_answers: KeptAnswers

    @property
    def database(self) -> Database:
        return self.catalogue.database


def tenant_in(database: Database, field_types: FieldTypes, orm: ORM, passwords: Passwords | None = None) -> Tenant:
    """The tenant of a database, whose system tables need not be there yet.

    :param orm: see :class:`Catalogue`
    :param passwords: see :class:`Accounts`
    """
    return Tenant(
        database.settings.tenant,
        Catalogue(database, field_types, orm),
        Accounts(database, passwords),
        CurrentAccess(database),
        KeptAnswers(database),
    )
