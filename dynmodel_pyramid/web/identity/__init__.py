"""Who a request comes from, and what holds for its answer.

``open_mode``       open mode: whom it refuses; what is checked and told at the start
``origins``         requests that only the service's own pages may send
``caching``         answers that depend on the identity: ``Cache-Control`` and ``Vary``
``rates``           requests a second by identity
"""
