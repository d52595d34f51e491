"""Texts as people compare and search them, alike on all databases.

``folding_table``         Unicode's tables, written by ``python -m tests.folding_tables``
``folding``               texts without case, and without accents
``functions``             the functions of PostgreSQL
"""
