"""Formats of rows: files that are read and lists that are written, in parts.

``text``       files of UTF-8
``documents``  JSON as documents
``delimited``  CSV (RFC 4180) as text
``headers``    the first line of CSV
``incoming``   the documents in a file that was sent
``outgoing``   values as the text formats write them
``forms``      rows as the bodies of answers
``formats``    the registry of formats, by media type
``built_in``   JSON, NDJSON and CSV, as they are registered
"""

CSV = "text/csv"
NDJSON = "application/x-ndjson"
