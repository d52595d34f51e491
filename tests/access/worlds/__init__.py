"""Small worlds of tables, rows and grants, and what an identity may do in them, told by a slow evaluator.

The evaluator is written from the documentation (``docs/access.md``), not from the code that it is compared with.

``tables``      the tables, their rows as values, and random rows
``conditions``  conditions of grants and of queries: their text, and whether they hold
``grants``      random roles, and views: which rows and values an identity may read
``writing``     which writes are allowed, and what the tables hold afterwards
``service``     a real service with these tables, whose rows and roles are set and read at will
``twins``       rows that differ from others only where an identity may not see it
``requests``    random requests at both faces
``sameness``    two services whose answers must be equal
``agreement``   a service whose answers must be those of the evaluator
"""
