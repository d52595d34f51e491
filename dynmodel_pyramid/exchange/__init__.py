"""Rows in other formats than JSON: CSV and NDJSON, read and written in parts.

``text``       files of UTF-8
``documents``  JSON as documents
``delimited``  CSV (RFC 4180) as text
``incoming``   the documents in a file that was sent
``outgoing``   rows as they are sent, by media type
"""

CSV = "text/csv"
NDJSON = "application/x-ndjson"
