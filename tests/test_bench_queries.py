"""A small version of ``python -m tests.bench.queries``: the service and the SQL by hand find the same rows."""

from contextlib import closing

from tests.bench.queries import ASKED, Bench, fill, report
from tests.soak.flights import Client, Flights


def test_pages_are_those_of_the_sql_by_hand(server, app, settings, capsys):
    flights = Flights(6000)
    with Client(server) as client:
        fill(client, flights)
    bench = Bench(app.app, server.port, settings.get("dynmodel.schema"), len(flights))
    with closing(bench):
        cases = [bench.case(asked) for asked in ASKED]
        for case in cases:
            case.take(backwards=False)
            case.take(backwards=True)
    report(cases)
    shown = capsys.readouterr().out
    assert all(f"| {asked.name} | " in shown for asked in ASKED)
