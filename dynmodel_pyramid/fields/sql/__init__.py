"""SQL that several field types share, with one meaning on both databases.

``signatures``      the types of the functions that make it
``text_forms``      the text forms of values
``reading``         values read from texts
``formats``         texts of one format
``numbers``         text forms of numbers
``exact``           how exact decimals are stored
``json_text``       JSON as text
``checks``          the validators' rules as checks
``patterns``        LIKE and regular expressions
``regular``         regular expressions that both databases read alike
``pattern_checks``  Python's regular expressions as PostgreSQL's
``search``          PostgreSQL's text search
"""
