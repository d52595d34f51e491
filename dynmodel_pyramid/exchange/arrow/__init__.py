"""Apache Arrow's columns: Parquet files, and Arrow's IPC streams and files. They need pyarrow (the extra ``arrow``).

``columns``   fields -> Arrow's types, and the values of answers -> Arrow's arrays
``cells``     Arrow's arrays -> the cells of records
``flat``      the buffers of arrays -> Python's values
``records``   Arrow's batches -> records
``batches``   lists of rows -> batches
``thrift``    the structs in which a Parquet file describes itself
``pages``     what the pages of a Parquet file will grow to
``parquet``   Parquet
``messages``  what the messages of an IPC stream will grow to
``streams``   IPC streams, and files, which have the same messages
"""
