"""Rows: reading documents into values, encoding rows, pages and streams, and writes.

``reading``         JSON documents -> column values, with every fault and its pointer
``judging``         many documents -> column values, by columns
``aliases``         former names of fields
``repeating``       values that a client may repeat but not change
``sent_names``      documents with former names of fields -> with present names
``encoding``        the statements and the encoder of one version of a table
``documents``       rows of the driver -> the dictionaries of JSON objects
``prepared``        prepared statements, run by the driver's cursor; ``copying`` writes columns for COPY
``former_statements``  those that a new version of a table takes over
``permitted``       the row service for callers of whom not everything is allowed; ``permits``: which grant allows a row
``links``           checks that linked rows exist; writes lists of links
``keys``            links by a unique key of the far table; ``staged_keys``: those of staged rows
``reads``           rows by their ids
``querying``        queries: pages, streams, counts; ``kept_plans``: their cached plans and statements
``service``         the row service: insert, replace, assign, delete
``violations``      rows that the database refuses; ``staged_clashes``: those of staged rows
``filtered``        writes to all rows that a filter finds
``targets``         the uniquenesses by which upserts find existing rows
``entries``         the documents of an upsert, for new and for existing rows
``upserts``         rows that are added or updated; ``staged_upserts`` does many at once
``imports``         any number of rows, in ``parts``; ``staging`` keeps them until they are written
``lenient``         imports that keep the good rows; ``refused``: the rows that they leave out
``written_rows``    the ids of the rows that a request has written
``returning``       the rows that a write returns
``nested``          rows with the rows that they link to, and that link to them, in one document
``saved_views``     queries and columns under a name
``batch``           several operations on rows of several tables
"""
