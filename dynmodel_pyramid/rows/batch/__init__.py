"""Several operations on rows of several tables, in one transaction.

``references``  ``$ref`` and ``$literal`` in documents
``reading``     the document of a batch -> operations; their form
``operations``  one operation on rows: judged, run, and its rows
``results``     the results of operations, to which later ones refer
"""
