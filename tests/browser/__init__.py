"""The service in a real browser: Debian's chromium, driven by Playwright. Commands, and no part of the test suite.

``places``   the service, sites of other people, and the browser
``cookies``  sessions: what a browser does with their cookie, and what other sites can make it do
"""
