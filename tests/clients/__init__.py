"""Clients of PostgREST as they are, against ``/rest/`` of a real server.

postgrest-py runs with the tests. Those in JavaScript need Node.js and packages from npm: ``python -m
tests.clients.javascript`` gets them and runs their scripts (docs/rest.md).
"""
