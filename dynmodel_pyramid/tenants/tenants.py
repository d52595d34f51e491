"""The tenants that a process has in memory.

A tenant is opened by the first request that names it, and dropped when others were used more recently and all together
are more than ``dynmodel.class_cache_columns``. A request keeps the tenant that it has found, so dropping harms nobody:
the next request opens it again. Opening takes some 10 ms, or as long as a migration of the system tables; requests to
other tenants do not wait meanwhile.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from dynmodel_pyramid.access.accounts.passwords import Passwords
from dynmodel_pyramid.catalogue.catalogue import ORM
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, NotFound, Unavailable
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.settings.values import is_tenant_name
from dynmodel_pyramid.tenants.tenant import Tenant, tenant_in

log = logging.getLogger(__name__)


class _Known:
    """A tenant in memory.

    :param columns: what it took when it was last used, in columns
    """

    __slots__ = ("columns", "tenant")

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, self.columns = tenant, 0


class Tenants:
    """
    :param home: the service's own database
    :param field_types: of all tenants
    :param opened: called with each tenant that is opened, before anybody uses it
    """

    def __init__(self, home: Database, field_types: FieldTypes, orm: ORM, opened: Callable[[Tenant], None]) -> None:
        assert home.places is not None  # the setting says that there are tenants
        self.home, self.places, self.field_types = home, home.places, field_types
        self._orm, self._opened = orm, opened
        self._passwords = Passwords(home.settings.password_hashes)
        self._most = home.settings.class_cache_columns
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        #: The one that was used last.
        self._newest: _Known | None = None
        self._columns = 0
        self._opening: dict[str, Future[Tenant]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: str) -> Tenant:
        """
        :raises NotFound: there is no such tenant
        :raises Unavailable: it can't be opened now
        """
        known = self._known.get(name)
        if known is None:
            return self._open(name)
        columns = self.places.columns + known.tenant.catalogue.columns
        if known is not self._newest or columns != known.columns:
            self._note_use(name, known, columns)
        return known.tenant

    def _note_use(self, name: str, known: _Known, columns: int) -> None:
        dropped: list[Tenant] = []
        with self._lock:
            if self._known.get(name) is known:
                self._known.move_to_end(name)
                self._newest = known
                self._columns += columns - known.columns
                known.columns = columns
                while self._columns > self._most and len(self._known) > 1:
                    _, oldest = self._known.popitem(last=False)
                    self._columns -= oldest.columns
                    dropped.append(oldest.tenant)
        for tenant in dropped:
            tenant.database.retire()

    def _open(self, name: str, *, is_again: bool = False) -> Tenant:
        if not is_tenant_name(name):
            raise _unknown()
        with self._lock:
            known = self._known.get(name)
            if known is not None:
                return known.tenant  # another request has just opened it
            opening = self._opening.get(name)
            if opening is None:
                mine = self._opening[name] = Future()
        if opening is not None:
            try:
                return opening.result(timeout=self.home.settings.lock_timeout)
            except TimeoutError:
                raise Unavailable("the tenant is still being opened") from None
            except NotFound:
                # It may have been made after the other request looked, and before this one began. Whoever looks now
                # looks after that.
                if is_again:
                    raise
            return self._open(name, is_again=True)
        try:
            known = _Known(self._opened_now(name))
            with self._lock:
                self._known[name] = known
            tenant = known.tenant
            self._note_use(name, known, self.places.columns + tenant.catalogue.columns)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(tenant)
        finally:
            with self._lock:
                del self._opening[name]
        return tenant

    def _opened_now(self, name: str) -> Tenant:
        if not self.places.exists(self.home.reading, name):
            raise _unknown()
        database = Database(self.places.settings_of(name), home=self.home)
        try:
            with database.reading() as connection:
                is_current = upgrade.current_revision(database, connection) == upgrade.HEAD
            if not is_current:
                (upgrade.upgrade if database.settings.auto_upgrade else upgrade.check)(database)
            tenant = tenant_in(database, self.field_types, self._orm, self._passwords)
            self._opened(tenant)
        except ConfigurationProblem as error:
            database.close()
            if not self.places.exists(self.home.reading, name):
                raise _unknown() from None  # dropped just now
            log.error("the tenant %s can't be opened: %s", name, error)
            raise Unavailable("the tenant's system tables are of another release") from error
        except BaseException:
            database.close()
            raise
        return tenant

    def forget_gone(self, tenant: Tenant) -> bool:
        """Forget a tenant if it is there no more; -> whether it is."""
        is_gone = not self.places.exists(self.home.reading, tenant.name)
        if is_gone:
            with self._lock:
                known = self._known.get(tenant.name)
                if known is not None and known.tenant is tenant:
                    del self._known[tenant.name]
                    self._columns -= known.columns
                    tenant.database.retire()
        return is_gone

    def check(self) -> None:
        """Ask whether tenants can be reached (:meth:`Places.check`)."""
        self.places.check(self.home.reading)

    def close(self) -> None:
        with self._lock:
            known = list(self._known.values())
            self._known.clear()
            self._columns = 0
        for each in known:
            each.tenant.database.close()
        self.home.close()


def _unknown() -> NotFound:
    # As for any address that leads nowhere: it is not told which tenants there are.
    return NotFound("there is nothing at this address")
