"""The statements of a change, executed or noted.

``schema_editor``  changes one table; ``sqlite`` and ``postgresql`` are its subclasses
``sqlite_declaration``  declarations of SQLite tables, replaced in place
``sqlite_renames``  tables and columns of SQLite, renamed in the stored schema
``sqlite_rebuild``  SQLite tables that are built anew
``columns``        its tools: fields and their columns, checks, indexes
``lists``          tables that keep lists of references
``list_fields``    fields that become lists, or stop being ones
``postgresql_compaction``  copies of PostgreSQL tables that take their place
``not_valid``      rules that are in force before they are proven
``trash``          tables that are restored from the trash, or purged
``runner``         the context of editors; statements go to the database, or into a plan
"""
