"""Random requests to every resource: what :mod:`tests.soak.fuzz` is made of.

``values``     JSON values and texts, by field type, good and hostile
``documents``  definitions, rows, documents of queries
``queries``    query strings of the grammar, and broken ones
``requests``   resources, methods, headers, media types
``wire``       a request on the wire of WSGI, as curl, and made smaller
``checks``     what is true of every answer
"""
