"""HTTP: the traversal tree, the views of both faces, transactions, errors.

``resources``             the traversal tree: paths -> resources
``definition_resources``  its part below a table besides rows, and the trash
``http``                  what all views share: attempts, answers, errors, bodies, conditions, lists
``definitions``           views of definitions, plans, history, quarantine, trash
``rows``                  views of rows
``service``               views of the service: description, field types, health, whole schema
``rest``                  the other face: PostgREST's
``transactions``          the tweens, as INI files name them
``cors``                  cross-origin requests
``mount``                 the root under a prefix, without its last slash
"""
