"""Rows: reading documents into values, encoding rows, pages and streams, and writes.

``reading``         JSON documents -> column values, with every fault and its pointer
``aliases``         former names of fields
``repeating``       values that a client may repeat but not change
``sent_names``      documents under former names -> under present ones
``encoding``        the statements and the encoder of one version of a table
``prepared``        the statements that every request runs, by the driver's cursor
``scope``           what a caller may read and write
``links``           do the rows that links name exist, and the lines of lists
``reads``           rows by their ids
``querying``        queries: plans that are kept, pages, streams, counts
``service``         the row service: besides, insert, replace, assign, delete
``filtered``        writes to all rows that a filter finds
``targets``         the uniquenesses by which upserts know rows again
``entries``         documents judged as new rows and as values for rows that are there
``upserts``         rows that are added, or written over; ``staged_upserts`` does many at once
``imports``         rows in any number, in parts; ``staging`` is where they wait
``written_rows``    the ids of the rows that a request has written
``returning``       the rows that a write returns
"""
