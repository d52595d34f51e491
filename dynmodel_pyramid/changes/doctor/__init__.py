"""Examines a whole deployment: what differs, is left over, grows, or does not fit. It only reads.

``examination``  what is examined, in parts of bounded time
``tables``       the findings of one table, by its health (:mod:`dynmodel_pyramid.changes.health`)
``orphans``      things in the database without a definition, and system rows without their table or user
``growth``       trash, history, quarantine and answers that nobody clears
``machine``      settings that fit neither the machine nor one another

What is particular to a database stands with its dialect (``Dialect.findings``). No part holds a lock that writers of
rows need: a table is locked as by a reader, for the time that its own examination takes.
"""
