"""The fields of a table, made from the values in a file: all of its values, not only the first ones.

A type is taken if every value of the column can be stored as it and is the same value when it is read again. So 007
stays a text, and 1.10 is a decimal number with two digits behind the point or a text, but no float.

``kinds``    one class for each type that texts may have; each sees all texts of a column
``values``   the type of a column whose cells are values (JSON, spreadsheets), from what was seen of them
``columns``  a column: the types that still are possible, counts and lengths
``names``    names in files -> names of fields
``ids``      whether a column's values can be the ids of the rows
``tables``   the columns of a whole file -> the document of a definition, and what was renamed and guessed

All of it is bounded in memory: a column keeps what is possible and a few numbers, never its values. Ids out of order
are the exception (:mod:`~.ids`).
"""
