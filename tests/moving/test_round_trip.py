"""A deployment with everything is moved there and back: every answer, id and version is the same."""

from tests.moving import deployment
from tests.promises import assert_promises


def test_there_and_back(place, client_of, move):
    first, there, back = place("sqlite"), place("postgresql"), place("sqlite")
    client = client_of(first)
    deployment.make(client)
    answers, system = deployment.seen(client), deployment.system_rows(client)
    stamps = {deployment.stamps(client)[3:]}
    clients = []
    for source, target in ((first, there), (there, back)):
        status, out, err = move(source, target)
        assert status == 0, err
        assert "0 are damaged" in out
        moved = client_of(target)
        clients.append(moved)
        assert deployment.seen(moved) == answers
        assert deployment.system_rows(moved) == system
        assert deployment.stamps(moved)[:3] == deployment.stamps(client)[:3]
        stamps.add(deployment.stamps(moved)[3:])
        assert_promises(moved.catalogue)
    assert len(stamps) == 3
    used = [deployment.use(each) for each in (client, *clients)]
    assert used[1] == used[0]
    assert used[2] == used[0]
    for each in clients:
        assert_promises(each.catalogue)
