"""What a run of schemathesis did, as one JSON document at the path ``COUNTED_TO``.

``cases``      by phase
``checks``     that were made, and ``failed`` of them; a check that does not concern a case is not counted
``excused``    codes of refusals of valid documents, with their numbers (:mod:`tests.clients.schemathesis_state`)
``succeeded``  the operations that were answered with success at least once
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from schemathesis import cli
from schemathesis.engine import Status
from schemathesis.engine.events import ScenarioFinished

from tests.clients import schemathesis_state as state


@cli.handler()
class Counts(cli.EventHandler):
    def __init__(self, *args: Any, **parameters: Any) -> None:
        self.cases: Counter[str] = Counter()
        self.checks: Counter[Status] = Counter()
        self.succeeded: set[str] = set()

    def handle_event(self, ctx: Any, event: Any) -> None:
        if not isinstance(event, ScenarioFinished):
            return
        recorder = event.recorder
        self.cases[event.phase.value] += len(recorder.cases)
        self.checks.update(check.status for checks in recorder.checks.values() for check in checks)
        for id, case in recorder.cases.items():
            answer = recorder.interactions[id].response if id in recorder.interactions else None
            if answer is not None and answer.status_code < 300:
                self.succeeded.add(case.value.operation.label)

    def shutdown(self, ctx: Any) -> None:
        counted = {
            "cases": {phase: number for phase, number in self.cases.items() if number},
            "checks": self.checks.total(),
            "failed": self.checks.total() - self.checks[Status.SUCCESS],
            "excused": state.excused,
            "succeeded": sorted(self.succeeded),
        }
        if "COUNTED_TO" in os.environ:
            Path(os.environ["COUNTED_TO"]).write_text(json.dumps(counted), encoding="utf-8")
