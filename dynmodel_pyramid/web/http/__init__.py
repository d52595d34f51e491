"""Modules that the views of both faces share.

``tree``          the traversal tree's traverser, route and base classes
``methods``       one view a resource, which serves the methods that the resource has
``permissions``   who may call the views of a resource
``seen``          definitions as the caller may see them
``request_classes``  the properties of requests, in one class for all
``transactions``  one attempt after another, each coherent
``joined``        a write as a participant in the transaction of ``request.tm``
``once``          requests with an Idempotency-Key, carried out at most once
``afterwards``    reads after the commit
``clients``       clients that go away: their work is stopped
``body``          request bodies: media types and sizes
``media_types``   media types with parameters
``dispositions``  names of files that lists have
``parameters``    parameters of views without a query, and who sends a request
``consistency``   how old the rows of an answer may be: reads from replicas
``conditions``    ETag, If-Match, If-None-Match, Accept
``preferences``   Prefer
``faces``         the differences between the faces of rows
``answers``       the responses
``recorded``      what the log tells of a request
``errors``        exceptions -> problem documents
``listing``       a list of rows: read, counted, ranged and answered
``lenient``       writes of the good rows of a body
``writing``       rows that are added and written, with the rows in the answer
``streams``       long lists, sent while they are read
``explained``     execution plans instead of rows
``ranges``        limit, offset, Range and Content-Range
``parts``         lists of definitions, versions, quarantine, trash
``links``         the header Link
"""
