"""Changes of definitions: planned, applied in one transaction, and reversed.

``service``         create, change and drop tables
``table_change``    the wanted changes, as values
``planner``         the tables that a change touches, and their locks
``executor``        runs a change, or plans it; versions, system rows, the log
``apply``           the changes of one transaction, one after the other
``values``          the future values of every field, made beside the table
``ddl``             the statements, for each database
``online``          large tables on PostgreSQL: a change in two versions
``validate``        the second of the two
``on_error``        the parameter for values that can't be converted
``loosening``       the fields that a word for the whole change affects
``access_change``   changes of roles and grants, as values
``access_service``  roles and grants: read, changed, planned
``grants_in_use``   refuses changes that take away what grants name
``plan_document``   a plan as JSON
``history``         the versions of a definition
``revert``          reverts to one of them
``trash``           dropped tables: listed, restored, purged
``trash_fields``    dropped fields, and old columns of conversions
``new_tables``      new tables in a transaction that writes rows, too
``quarantine``      values that a conversion could not convert
``corrections``     many of them at once
``whole_schema``    all tables as one document
``schema_access``   the roles and grants in that document
``promises``        compares the database with a definition's promises
``health``          the health of a table
``compaction``      rewrites a table without its dropped columns, while it is used
``doctor``          examines the whole deployment
``timing``          how long changes take, for the metrics

Functions take frozen values and return results. A :class:`~.table_change.TableChange` is the wanted change, a schema
editor gets its :class:`~.ddl.runner.EditorContext` when it is made, and the statements of one change are made from a
:class:`~.ddl.columns.TableEdit`.
"""
