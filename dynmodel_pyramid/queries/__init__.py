"""Queries: what the grammar's parts mean in SQL."""
