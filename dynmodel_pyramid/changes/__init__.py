"""Changes of definitions: planned, applied in one transaction, and reversed.

``service``         create, change and drop tables
``table_change``    what is to be changed, as values
``planner``         which tables a change touches, and their locks
``executor``        runs a change, or plans it; versions, system rows, the log
``apply``           the changes of one transaction, one after the other
``values``          what every field will hold, made beside the table
``ddl``             the statements, for each database
``online``          large tables on PostgreSQL: a change in two versions
``validate``        the second of the two
``on_error``        what becomes of values that can't be carried over
``loosening``       which fields one word for a whole change is about
``plan_document``   a plan as JSON
``history``         the versions of a definition
``revert``          back to one of them
``trash``           dropped tables: listed, restored, purged
``trash_fields``    dropped fields, and old columns of conversions
``quarantine``      values that a conversion could not carry over
``whole_schema``    all tables as one document
``promises``        what a definition promises, compared with what the database has
``health``          how well a table is

Values go in frozen, and results come out: a :class:`~.table_change.TableChange` says what is wanted, a schema editor is
given its :class:`~.ddl.runner.EditorContext` when it is made, and the statements of one change are made from a
:class:`~.ddl.columns.TableEdit`.
"""
