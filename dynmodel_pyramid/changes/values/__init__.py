"""The values of a change, made and checked beside the table; nothing is changed yet.

``staging``           all fields of one change
``column_values``     a field's present and future values, in SQL or in a side table
``conversion``        conversion of values to another type
``far_keys``          conversions of links by a unique key of the far table
``undo_conversions``  values that earlier conversions replaced
``dangling_links``    ids of missing rows
``fill``              system values for existing rows
``row_checks``        whether the rows allow the change
``index_entries``     values that are too long for an index
``violations``        rows that a change does not allow, with samples
"""
