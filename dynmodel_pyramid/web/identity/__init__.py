"""Who a request comes from, and the resources of identities.

``identify``    a request -> its identity
``credentials`` the headers and the cookie in which secrets come
``origins``     requests that only the service's own pages may send
``policy``      Pyramid's security policy of the application
``resources``   the tree: ``/token/``, ``/user/``, ``/session/``, ``/me/``, ``/audit/``, ``/access/``
``changing``    transactions that change access, and what the audit says of them
``tokens``      the views of ``/token/``
``users``       the views of ``/user/``
``sessions``    the views of ``/session/``
``me``          the view of ``/me/``
``audit``       the view of ``/audit/``
``access``      roles and grants: ``/access/``
``explain``     ``/access/explain/``
``audited``     the audit of what is changed there
"""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    for module in ("tokens", "users", "sessions", "me", "audit"):
        config.include(f"dynmodel_pyramid.web.identity.{module}", route_prefix=None)
