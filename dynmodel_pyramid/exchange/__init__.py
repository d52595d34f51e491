"""Formats of rows: files that are read and lists that are written, in parts.

``contents``     what a reader finds in a file: documents, or records under names
``text``         files of UTF-8
``documents``    JSON as documents
``plain_lines``  the fast path of CSV; ``plain_json``: that of JSON
``json_lines``   NDJSON
``delimited``    CSV (RFC 4180) as text
``dialects``     charset, delimiter, quote and numbers of CSV, as clients name them
``detecting``    guesses at them
``csv_files``    CSV as records
``csv_columns``  rows as CSV, column by column
``headers``      names as people's files have them
``key_columns``  columns that are keys of linked rows
``typed``        values with types of their own as values of fields
``binding``      what a reader found as documents of a table's rows
``outgoing``     values as the text formats write them
``shown``        what a writer gets to know
``forms``        rows as the bodies of answers
``formats``      the registry of formats
``built_in``     JSON, NDJSON and CSV, as they are registered
``codings``      bodies and files in gzip, zstd, brotli
``packed``       what packed files may grow to
``arrow``        Parquet and Arrow streams
``xlsx``         workbooks of Excel
``geojson``      GeoJSON (RFC 7946)
``inference``    the fields of a table for a file
``rehearsing``   what rows of a file would become, for plans
``new_tables``   a table made of a file
``importing``    rows of a file into a table, for scripts
``marks``        how far an import in parts is
``exporting``    rows of a table into a file, for scripts
``backup``       all tables as files, and back
``local_files``  files on the disk, and standard input
"""

CSV = "text/csv"
NDJSON = "application/x-ndjson"
