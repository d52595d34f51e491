"""The page at ``/ui/`` in a real browser: the system's chromium, driven by Playwright, against a real server.

``browsing``  the browser, a page of it that collects errors, and axe-core, which judges accessibility
``vendor``    a command that makes the vendored files anew
``sample``    tables and rows of a small shop, made by a command
``million``   a command that measures the grid over a million rows
``walk``      a command that goes the way of docs/quick-start.md, and counts clicks, keys and seconds
``pictures``  a command that takes the documentation's pictures of the running page

A test takes the fixtures of ``conftest``:

``page_server``   a server in open mode on SQLite, one for all tests of a module; ``page_server.api`` sends requests
``open_page``     a function: a path of the page -> a tab that has loaded it. Afterwards the test fails if the browser
                  told of an error: in the console, of a script, of a request's policy (CSP)
``axe``           a function: a tab -> what axe-core finds wrong with it; an empty list is wanted
``browser``       the browser itself, one for all tests

Without chromium, or without axe-core, these tests fail and say how to get it.

Wait by ``expect(...)`` of Playwright: ``page.wait_for_function`` evaluates strings, which the page's policy refuses.

A browser is dear: one test walks through a part of the page, and looks at everything on its way. What HTTP can tell is
asked by WebTest (``test_assets.py``).
"""
