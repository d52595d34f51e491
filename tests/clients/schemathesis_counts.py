"""What a run of schemathesis did, as one JSON document at the path ``COUNTED_TO``.

``cases``      by phase
``checks``     that were made, and ``failed`` of them; a check that does not concern a case is not counted
``excused``    codes of refusals of valid documents, with their numbers (:mod:`tests.clients.schemathesis_state`)
``succeeded``  the operations that were answered with success at least once
``untried``    the operations that were begun, but had no case in any phase
``errors``     of schemathesis itself or of the hooks: what came after them was not tried. It counts them as no failures

Each operation's figures and failures are appended to the file ``FOLLOWED_BY`` when its phase ends: a run takes long.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from schemathesis import cli
from schemathesis.engine import Status
from schemathesis.engine.events import FatalError, Interrupted, NonFatalError, ScenarioFinished
from schemathesis.engine.run import PhaseName

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
            told = () if answer is None else (answer.status_code, *sorted(state.codes(answer)), answer.content[:SHOWN])
            yield f"  {failure.title}: {failure.message[:SHOWN]!r}\n    {info.code_sample[: 4 * SHOWN]}\n    {told}"


def _follow(lines: Iterable[str]) -> None:
    if "FOLLOWED_BY" in os.environ:
        with open(os.environ["FOLLOWED_BY"], "a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


@cli.handler()
class Counts(cli.EventHandler):
    def __init__(self, *args: Any, **parameters: Any) -> None:
        self.cases: Counter[str] = Counter()
        self.checks: Counter[Status] = Counter()
        self.succeeded: set[str] = set()
        self.begun: set[str] = set()
        self.tried: set[str] = set()
        self.errors: list[str] = []

    def handle_event(self, ctx: Any, event: Any) -> None:
        if isinstance(event, NonFatalError):
            self._errs(f"{event.label}: {type(event.value).__name__}: {event.value}")
        elif isinstance(event, FatalError):
            self._errs(f"the end: {type(event.exception).__name__}: {event.exception}")
        elif isinstance(event, Interrupted):
            self._errs("interrupted")
        elif isinstance(event, ScenarioFinished):
            self._count(event)

    def _errs(self, told: str) -> None:
        self.errors.append(told[: 4 * SHOWN])
        _follow([f"ERROR {told}"])

    def _count(self, event: ScenarioFinished) -> None:
        recorder = event.recorder
        if event.phase is not PhaseName.STATEFUL_TESTING and event.label is not None:
            # Sequences have no labels of operations.
            self.begun.add(event.label)
        self.cases[event.phase.value] += len(recorder.cases)
        self.checks.update(check.status for checks in recorder.checks.values() for check in checks)
        for id, case in recorder.cases.items():
            answer = recorder.interactions[id].response if id in recorder.interactions else None
            self.tried.add(case.value.operation.label)
            if answer is not None and answer.status_code < 300:
                self.succeeded.add(case.value.operation.label)
        _follow(_lines(event))

    def shutdown(self, ctx: Any) -> None:
        counted = {
            "cases": {phase: number for phase, number in self.cases.items() if number},
            "checks": self.checks.total(),
            "failed": self.checks.total() - self.checks[Status.SUCCESS],
            "excused": state.excused,
            "succeeded": sorted(self.succeeded),
            "untried": sorted(self.begun - self.tried),
            "errors": self.errors,
        }
        if "COUNTED_TO" in os.environ:
            Path(os.environ["COUNTED_TO"]).write_text(json.dumps(counted), encoding="utf-8")
