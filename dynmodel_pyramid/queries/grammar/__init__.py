"""The grammar of queries, without SQL or tables: text and JSON -> values, and back.

``syntax``      the values of a parsed query
``parameters``  the query string -> pairs of names and values
``parsing``     pairs -> :class:`Query`
``documents``   the same grammar as JSON -> :class:`Query`
``printing``    :class:`Query` -> pairs
``rules``       the operators that there are, guards and leniencies
``cursor``      a text and a place in it: names, JSON paths, errors that point
``selects``     ``select``
``conditions``  conditions and groups of them
``orders``      ``order``
``levels``      collects what a query says of each relation
"""
