"""What is in force: the tables of the current definitions, and the proof that an answer was made under them.

``catalogue``              snapshots of all definitions and the bounded cache of tables
``attempt``                one attempt at one request: the coherence protocol
``table_builder``          a definition -> SQLAlchemy table, and its declarative class
``column_expressions``     what a row shows of its fields and reverse sides
``check_constraints``      the database's checks of fields
``list_tables``            the tables that keep lists of references
``references``             what definitions refer to, and what far tables know of it
``system_values``          the values that the system gives to rows
``cascades``               deleting rows that others refer to
``constraint_violations``  which rule a database error is about
``unsupported_options``    stored options that values can't be judged by any more
"""
