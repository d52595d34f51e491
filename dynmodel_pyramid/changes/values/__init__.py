"""The values of a change, made and judged beside the table; nothing is changed yet.

``staging``           all fields of one change
``column_values``     the values that a field has and will have: in SQL, or in a temporary table
``conversion``        how values are carried over to another type
``undo_conversions``  values that earlier conversions replaced
``dangling_links``    ids of rows that are not there
``fill``              the system's values for existing rows
``row_checks``        whether the rows allow the change
``index_entries``     values that are too long for an index
``violations``        rows that a change does not allow, with samples
"""
