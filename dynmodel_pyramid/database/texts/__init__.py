"""Texts as people compare and search them, alike on all databases.

``folding_table``         Unicode's tables, written by ``python -m tests.folding_tables``
``folding``               texts without case, and without accents
``words``                 the words of a text
``word_queries``          queries of words: evaluated, and written for the databases
``word_query_reading``    their notations
``functions``             the functions of PostgreSQL
"""
