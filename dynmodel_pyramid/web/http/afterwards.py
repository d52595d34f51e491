"""Answers of uploads: their rows are read after the commit, so that no other writer waits for them.

The rows are still those of the commit's moment: the connection keeps its snapshot over the commit
(:meth:`dynmodel_pyramid.database.Dialect.keep_moment`), and the definitions are proven before it.
"""

from collections.abc import Callable

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.dialect import Moment
from dynmodel_pyramid.web.http.clients import attend, has_gone, log_gone, unread_answer
from dynmodel_pyramid.web.http.errors import log_unexpected, problem


class Afterwards:
    """The rest of a request, after the commit. It is made at the end of the transaction.

    :param moment: keeps the snapshot until it is closed
    """

    def __init__(self, request: Request, database: Database, connection: sa.Connection, moment: Moment) -> None:
        self._request, self._database, self._connection = request, database, connection
        self._moment = moment
        self._steps: list[Callable[[], None]] = []
        self._is_committed = False
        request.tm.get().addAfterCommitHook(self._note)

    def _note(self, is_committed: bool) -> None:
        self._is_committed = is_committed

    def add(self, step: Callable[[], None]) -> None:
        """
        :param step: reads by the same connection
        """
        self._steps.append(step)

    def run(self, answer: Response) -> Response:
        """Finish the answer, unless the commit failed and the answer is an error."""
        if not self._is_committed:
            return answer
        try:
            self._database.reads_from_now_on(self._connection)
            attend(self._request, self._connection)
            for step in self._steps:
                step()
        except Exception as error:
            if has_gone(self._request):
                log_gone(self._request, "the rows were written, and the answer that shows them was not made")
                return unread_answer()
            log_unexpected(error, self._request)
            detail = "the rows were written, but the answer that shows them could not be made"
            return problem(self._request, 500, "answer_lost", detail, "read the rows; do not send them again")
        return answer

    def close(self) -> None:
        self._moment.close()
