"""schemathesis on a small table: every operation of its rows, all checks; ``schemathesis_run`` is the long form."""

import pytest

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.schemathesis_run import SETTINGS, Group, prepare, run
from tests.server_process import Server

OPTIONS = ("-n", "2", "--no-shrink", "--seed", "1")
#: Those that the hooks name, and one whose texts have a form.
FIELDS = ("a_string", "a_integer", "a_boolean", "a_decimal", "a_link")


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_rows_answer_as_described(database, tmp_path):
    with database_settings(database, tmp_path) as settings:
        server = Server({**settings, **SETTINGS}, tmp_path)
        server.start()
        try:
            prepare(server.url, FIELDS)
            paths = "^/table/Every/rows/({row_id}/)?$"
            group = Group("/table/Every/openapi.json", paths, "fuzzing")
            status, said, told = run(server.url, group, tmp_path, *OPTIONS)
        finally:
            server.stop()
    assert status == 0, said
    assert told["cases"]["fuzzing"] > 0
