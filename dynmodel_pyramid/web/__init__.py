"""HTTP: the traversal tree, the views of both faces, transactions, errors.

``resources``             the traversal tree: paths -> resources
``definition_resources``  the part of the tree for definitions, quarantine and trash
``views``                 resources and their views, in one list
``http``                  shared by all views: attempts, answers, errors, bodies, conditions, lists
``definitions``           views of definitions, plans, history, quarantine, trash
``rows``                  views of rows
``identity``              views of access: roles and grants
``service``               views of the service: description, field types, health, whole schema
``identity``              who sends a request, and what holds for it; tokens, users, sessions, the audit
``openapi``               the description of the service for programs: OpenAPI 3.1
``tenants``               a request -> its tenant
``page``                  the page for people at ``/ui/``
``rest``                  the second face: PostgREST's
``transactions``          the tweens, as INI files name them
``cors``                  cross-origin requests
``encoded``               answers in gzip, zstd, brotli
``observed``            the outermost tween: what a request does is recorded, for metrics
``mount``                 the root under a prefix, without its last slash
"""
