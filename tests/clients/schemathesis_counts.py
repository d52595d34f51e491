"""What a run of schemathesis did, as one JSON document at the path ``COUNTED_TO``.

``cases``      by phase
``checks``     that were made, and ``failed`` of them; a check that does not concern a case is not counted
``excused``    codes of refusals of valid documents, with their numbers (:mod:`tests.clients.schemathesis_state`)
``succeeded``  the operations that were answered with success at least once

Each operation's figures and failures are appended to the file ``FOLLOWED_BY`` when its phase ends: a run takes long.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemathesis import cli
from schemathesis.engine import Status
from schemathesis.engine.events import ScenarioFinished

from tests.clients import schemathesis_state as state

#: Of an answer, or of a request's body, in a line.
SHOWN = 600


def _lines(event: ScenarioFinished) -> Iterator[str]:
    recorder, seen = event.recorder, set()
    failures = [(id, check.failure_info) for id, checks in recorder.checks.items() for check in checks]
    failures = [(id, info) for id, info in failures if info]
    yield (
        f"{event.phase.value} {recorder.label}: {len(recorder.cases)} cases, {len(failures)} failed,"
        f" {event.elapsed_time:.0f} s"
    )
    for id, info in failures:
        failure, answer = info.failure, recorder.find_response(case_id=id)
        kind = (failure.title, () if answer is None else (answer.status_code, *sorted(state.codes(answer))))
        if kind not in seen:
            seen.add(kind)
            text = "none" if answer is None else f"{answer.status_code} {answer.content[:SHOWN]!r}"
            yield f"  {failure.title}: {failure.message[:SHOWN]!r}\n    {info.code_sample[: 4 * SHOWN]}\n    {text}"


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
        if "FOLLOWED_BY" in os.environ:
            with open(os.environ["FOLLOWED_BY"], "a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in _lines(event))

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
