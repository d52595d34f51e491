"""Clients as they are, against a real server.

postgrest-py and the recipes of docs/clients.md in Python and curl run with the tests. Those in JavaScript need Node.js
and packages from npm: ``python -m tests.clients.javascript`` gets them and runs their scripts (docs/rest.md), ``python
-m tests.clients.recipes`` all recipes.
"""
