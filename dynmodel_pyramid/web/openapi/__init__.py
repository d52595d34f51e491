"""OpenAPI 3.1 of the service as a caller may use it: ``/openapi.json``, ``/table/{id}/openapi.json``.

A document is made of tables that say what each operation is, by the names of resource classes, and of the definitions.
Which operations are there, and who may call them, the registered views say
(:data:`~dynmodel_pyramid.web.http.methods.INTROSPECTABLES`); a test holds the tables against them.

``resources``     the resources, those of the viewer included
``views``         the views, with their ETags
``viewer``        the page at ``/docs/`` that shows them
``document``      the documents, made table by table
``paths``         their paths, and answers that operations share
``templates``     the paths of rows, made once for many tables
``callers``       who asks, what it may do, and what is installed
``operations``    the values that describe operations
``of_rows``       the operations of a table's rows
``of_tables``     those of definitions
``of_service``    those of the service itself
``of_identities`` those of roles, tokens, users and sessions
``rows``          the schemas of rows
``filters``       the parameters with conditions on fields
``schemas``       the schemas of other documents
``schemas_of_tables``  those of definitions, plans, quarantine and trash
``schemas_of_queries``  those of queries as documents
``schemas_of_service``  those of the service, of batches and of access
``shapes``        short forms for schemas
``examples``      examples of values
``shared``        parameters, headers and errors
``codes``         the codes of errors
"""
