"""Who a request comes from, who may do what, and the resources of both.

``callers``     a request -> its caller: identity and roles in force
``identify``    a request -> its identity
``credentials`` the headers and the cookie in which secrets come
``origins``     requests that only the service's own pages may send
``open_mode``   open mode: whom it refuses; what is checked and told at the start
``caching``     answers that depend on the identity: ``Cache-Control`` and ``Vary``
``rates``       requests a second by identity
``policy``      Pyramid's security policy of the application
``resources``   the tree: ``/token/``, ``/user/``, ``/session/``, ``/me/``, ``/audit/``, ``/access/``
``changing``    transactions that change access, and what the audit says of them
``tokens``      the views of ``/token/``
``users``       the views of ``/user/``
``sessions``    the views of ``/session/``
``oidc``        the views of ``/session/oidc/``: sign-in with an OpenID provider
``me``          the view of ``/me/``
``audit``       the view of ``/audit/``
``access``      roles and grants: ``/access/``
``explain``     ``/access/explain/``
``audited``     the audit of changes of grants
"""

from pyramid.config import Configurator

from dynmodel_pyramid.access.jwt import verifier
from dynmodel_pyramid.web.identity.rates import rates


def includeme(config: Configurator) -> None:
    config.registry.dynmodel_rates = rates(config.registry.dynmodel_settings)
    config.registry.dynmodel_jwt = verifier(config.registry.dynmodel_settings)
    config.include("dynmodel_pyramid.web.identity.oidc", route_prefix=None)
