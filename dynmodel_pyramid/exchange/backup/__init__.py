"""All tables with their rows as files, and back: a backup that needs no tool of a database.

``archives``   folders, and archives of the kinds zip and tar
``manifest``   the file that names the others, with counts and checksums
``saving``     a database -> a backup, as of one moment
``restoring``  a backup -> a database, in one transaction
``stored``     rows as a backup has them, with their system values

A backup holds the definitions and roles as ``schema.json`` (the document of ``/schema/``). The rows of each table are
NDJSON, as they are answered, with the values of ``write_only`` fields and the system columns.
"""
