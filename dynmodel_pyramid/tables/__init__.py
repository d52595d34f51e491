"""Definitions at work: declarative classes, the cache of them, and changes of definitions.

``generation``  definition -> SQLAlchemy table and declarative class
``catalogue``   the snapshots of all definitions and the bounded cache of classes
``work``        one request's (or script's) view of them: the coherence protocol
``difference``  what distinguishes two definitions of a table, as a value
``evolution``   the difference -> DDL and conversion; ``evolution_sqlite`` and ``evolution_postgresql`` do it
``conversion``  carrying a column's values over to another type
``service``     create, change and drop tables: the transactions around all this
``release``     rows that others refer to are deleted as the fields say
``groups``      the classes of linked tables, with relationships; ``models`` gives them by name
``sessions``    ORM sessions for scripts and shells; ``unit_of_work`` is what their flush asks of rows
"""
