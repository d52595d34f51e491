"""The values of a change, made and judged beside the table; nothing is changed yet.

``staging``           all fields of one change
``column_values``     the values of one field, in SQL or in a temporary table
``conversion``        how a value is carried over to another type
``source_table``      the table as it is
``row_checks``        whether the rows allow the change
``index_entries``     values that are too long for an index
``violations``        rows that a change does not allow, with samples
``dangling_links``    ids of rows that are not there
``undo_conversions``  values that earlier conversions replaced
``fill``              the system's values for rows that are there already
"""
