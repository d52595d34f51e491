"""The tables of the current definitions, and the proof that an answer was made under current definitions.

``catalogue``              snapshots of all definitions and the bounded cache of tables
``attempt``                one attempt at one request: the coherence protocol
``table_builder``          a definition -> SQLAlchemy table, and its declarative class
``former_tables``          whether a version takes over the table of the version before
``column_expressions``     the SQL expressions of fields and reverse sides
``check_constraints``      the database's checks of fields
``word_indexes``           the indexes of words, and how texts are compared
``list_tables``            the tables that keep lists of references
``references``             references of definitions, and how far tables know of them
``system_values``          system values of rows
``cascades``               deleting rows that others refer to
``watching``               who is told of writes and changes: the seam of events
``stored_values``          values of Python -> those that columns store
``long_entries``           fields whose values may be too long for their index
``constraint_violations``  the rule that a database error is about
``unsupported_options``    stored options that are no longer supported
"""
