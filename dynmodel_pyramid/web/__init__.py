"""HTTP: the traversal tree, the views, transactions, errors.

``resources``     the traversal tree: paths -> resources; no SQL beyond the lookup of a table's definition
``methods``       one view a resource, which serves the methods that the resource has
``tables``        views of definitions
``rows``          views of rows
``history``       views of the versions of definitions, and the way back to one
``quarantine``    views of values that a conversion could not carry over
``service``       views of the service itself: description, field types, health
``page``          what a browser sees at the root
``body``          request bodies -> documents
``conditions``    ETag, If-Match, If-None-Match, Prefer
``transactions``  the tweens: one attempt after another, each coherent
``answers``       the responses
``errors``        exceptions -> problem documents
``cors``          cross-origin requests
``mount``         the root under a prefix, without its last slash
"""
