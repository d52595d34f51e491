"""Requests being answered: waitress's tasks, with these differences.

1. An answer that breaks off in its middle resets the connection. waitress closes it, so an answer without a length
   (HTTP/1.0) would look complete.
2. An answer that tells its own end keeps the connection: 204 and 304 have no body, chunks have a last one. waitress
   closes the connection after every answer without ``Content-Length``.
3. An answer of a server that is stopping says ``Connection: close``.
"""

from waitress.task import ErrorTask, Task, WSGITask


class _Framing:
    """For both kinds of tasks."""

    def execute(self):
        try:
            super().execute()
        except BaseException:
            if self.wrote_header:
                self.channel.break_off()
            raise

    def build_response_header(self):
        # Done as if the client had asked to close, so that waitress's own rules for HTTP/1.0 and 1.1 apply.
        if self.channel.server.draining and not self.channel.has_more():
            self.request.headers["CONNECTION"] = "close"
        return super().build_response_header()

    def set_close_on_finish(self):
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if asked or self.wrote_header or not self._tells_its_end():
            super().set_close_on_finish()

    def _tells_its_end(self) -> bool:
        if self.version != "1.1" or self.request.command == "HEAD":
            return False
        return not self.has_body or self.content_length is None


class RequestTask(_Framing, WSGITask):
    """A request that the application answers."""

    def get_environment(self):
        environ = super().get_environment()
        environ["wsgi.multiprocess"] = self.channel.server.multiprocess
        environ["dynmodel.answer"] = self.channel.answer
        return environ


class PreparedTask(_Framing, ErrorTask):
    """A request whose answer is there already: an error of waitress's, or an ``answers.Prepared``."""

    def execute(self):
        answer = self.request.error
        self.status, headers, body = answer.to_response(self.channel.adj.ident)
        self.response_headers.extend(headers)
        if getattr(answer, "closes", True):
            self.channel.may_be_sending = True
            Task.set_close_on_finish(self)
        self.content_length = len(body)
        # waitress sends a body with its errors even where HEAD was asked.
        self.write(b"" if getattr(self.request, "command", "") == "HEAD" else body)
