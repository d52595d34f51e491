"""All accounts of one database."""

from dynmodel_pyramid.access.accounts.audit import Audit
from dynmodel_pyramid.access.accounts.failures import Failures
from dynmodel_pyramid.access.accounts.passwords import Passwords
from dynmodel_pyramid.access.accounts.recognise import Recogniser
from dynmodel_pyramid.access.accounts.sessions import Sessions
from dynmodel_pyramid.access.accounts.signing_in import SigningIn
from dynmodel_pyramid.access.accounts.tokens import Tokens
from dynmodel_pyramid.access.accounts.users import Users
from dynmodel_pyramid.database import Database


class Accounts:
    """What the other modules of this package do, for one database and one process.

    :param passwords: shared with the accounts of other databases, because it bounds the memory of the process
    """

    def __init__(self, database: Database, passwords: Passwords | None = None) -> None:
        self.database = database
        self.tables = database.system.access
        self.users = Users(database)
        self.tokens = Tokens(database)
        self.sessions = Sessions(database)
        self.failures = Failures(database)
        self.audit = Audit(database)
        self.passwords = passwords or Passwords(database.settings.password_hashes)
        self.recogniser = Recogniser(database, self.sessions)
        self.signing_in = SigningIn(database, self.users, self.sessions, self.failures, self.passwords, self.audit)

    def tidy(self) -> None:
        """Delete what is old, each kind in a transaction of its own."""
        for part in (self.audit, self.failures, self.sessions, self.tokens):
            with self.database.writer.begin() as connection:
                part.tidy(connection)
