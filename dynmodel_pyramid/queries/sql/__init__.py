"""The translation of a query to SQL.

``planning``     a parsed query -> its plan
``plans``        a query over a table: the statements of a page and of its count, cursors
``statements``   the statement of one level
``groups``       groups of rows, their order and conditions
``select_list``  the values of one level's rows, embedded relations included
``views``        what a caller may see of a table, from which statements select
``selection``    one level: its tables, joins and conditions
``relation_names``  which relation a name and a hint mean
``relations``    links, lists, reverse sides and join tables that a query follows
``outputs``      the values of an answer
``aggregates``   counts, sums and the like
``ordering``     order
``keysets``      cursors
``filters``      conditions and groups
``searching``    what a person typed to find rows
``comparisons``  one condition
``names``        the names of fields, aliases, system columns and reverse sides
``subjects``     the values that conditions are about
``json_paths``   parts of JSON values
``casts``        casts
``json_text``    values as JSON that the databases write
``budget``       how much SQL one query may become
"""
