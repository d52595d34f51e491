"""What the views of both faces share.

``tree``          how the traversal tree is walked, and where it hangs
``methods``       one view a resource, which serves the methods that the resource has
``transactions``  one attempt after another, each coherent
``afterwards``    what is read when a transaction is committed
``body``          request bodies: what may be sent, and how much of it
``parameters``    parameters of views without a query, and who sends a request
``conditions``    ETag, If-Match, If-None-Match, Accept
``preferences``   Prefer
``faces``         what differs between the faces of rows
``forms``         rows as the bodies of answers
``answers``       the responses
``errors``        exceptions -> problem documents
``listing``       a list of rows: read, counted, ranged and answered
``writing``       rows that are added and written, with the rows in the answer
``streams``       long lists, sent while they are read
``explained``     execution plans instead of rows
``ranges``        which part of a list, and Content-Range
``parts``         lists of definitions, versions, quarantine, trash
``links``         the header Link
"""
