"""The grammar of queries, without SQL or tables: text and JSON -> values, and back.

``syntax``      the values of a parsed query
``parameters``  the query string -> pairs of names and values
``parsing``     pairs -> :class:`Query`
``documents``   the same grammar as JSON -> :class:`Query`
``printing``    :class:`Query` -> pairs
``rules``       the known operators, limits and leniencies
``cursor``      a text and a place in it: names, JSON paths, errors that point
``selects``     ``select``
``conditions``  conditions and groups of them
``orders``      ``order``
``habits``      what conditions and orders of other services mean here, for hints
``renaming``    exchanges the names of fields
``levels``      collects the parts of a query by relation
"""
