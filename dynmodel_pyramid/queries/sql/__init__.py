"""What a query means in SQL.

``plans``        a query over a table: the statement of a page, what is counted, cursors
``statements``   the statement of one level: rows, or groups of them
``select_list``  the values of one level's rows, embedded relations included
``selection``    one level: from where its rows come, and which they are
``relations``    what links, lists and reverse sides lead to
``outputs``      the values of an answer
``aggregates``   counts, sums and the like
``ordering``     order
``keysets``      cursors
``filters``      conditions and groups
``comparisons``  one condition
``names``        what names mean in a table
``subjects``     what conditions are about
``json_paths``   parts of JSON values
``casts``        casts
``json_text``    values as JSON that the databases write
``budget``       how much SQL one query may become
"""
