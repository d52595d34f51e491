"""Three of the faults, one after another; all of them: ``python -m tests.faults``."""

import time
from contextlib import ExitStack, contextmanager

from tests.faults import processes, sqlite
from tests.faults.bed import SETTINGS, Scene
from tests.faults.service import Service
from tests.faults.traffic import Traffic


def test_what_was_acknowledged_is_there_once(tmp_path):
    with ExitStack() as stack:
        settings = {**SETTINGS, "sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite"}
        scene = Scene(tmp_path, settings, stack)
        sqlite.with_failing_disk(scene)
        scene.service = service = Service(settings, tmp_path, **scene.environment)
        stack.callback(service.stop)
        service.start()
        traffic = Traffic(service.port, deadline=20)
        traffic.prepare()
        traffic.start()
        for happens in (sqlite.failing_disk, processes.worker_killed, sqlite.locked):
            time.sleep(0.3)
            with contextmanager(happens)(scene):
                time.sleep(0.3)
        ended = time.monotonic()
        while not any(told.started > ended and told.word == "201" for told in list(traffic.ledger.told)):
            assert time.monotonic() < ended + 20
            time.sleep(0.05)
        traffic.stop()
        assert traffic.judge() == {}
        words = traffic.ledger.words()
        assert any("outcome_unknown" in word for word in words), words  # the disk did fail
        assert not [word for word in words if word.startswith(("500", "hangs"))], words
        assert len(traffic.ledger.acknowledged) > 20
