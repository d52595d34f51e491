"""Requests being answered: waitress's tasks, with these differences.

1. An answer that breaks off in its middle resets the connection. waitress closes it, so an answer without a length
   (HTTP/1.0) would look complete.
2. An answer that tells its own end keeps the connection: 204 and 304 have no body, chunks have a last one. waitress
   closes the connection after every answer without ``Content-Length``.
3. An answer of a server that is stopping says ``Connection: close``.
4. The head of an answer is sent together with the first part of its body.
"""

import sys
from operator import itemgetter
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.task import ErrorTask, Task, WSGITask

from dynmodel_pyramid.server.heads import http_date, in_environ, shows_proxy, spelt
from dynmodel_pyramid.telemetry.measuring import count_answer

_NAME = itemgetter(0)

#: Bytes up to which parts of an answer are copied to be sent at once. A call of the kernel takes as long as a copy of a
#: few hundred kilobytes, and a client may wake up for each.
JOINED = 128 * 1024


class _Framing(Task):
    """For both kinds of tasks."""

    response_headers: list[tuple[str, str]]
    wrote_header: bool

    def execute(self) -> None:
        try:
            super().execute()
        except BaseException:
            if self.wrote_header:
                self.channel.break_off()
            raise

    def write(self, data: bytes) -> None:
        if self.wrote_header:
            # More than one part: there may be many, and each may take a while.
            self.channel.server.task_dispatcher.step_down()
            super().write(data)
            return
        length = self.content_length
        if self.complete and length is not None and 0 < length == len(data) <= JOINED and self.has_body:
            # As nearly all answers are. It is what waitress does, too, and takes half as long.
            head = self.build_response_header()
            self.wrote_header, self.content_bytes_written = True, length
            self.channel.write_soon(head + data)
            return
        if self.has_body and (length is None or length > len(data)):
            self.channel.hold_no_longer()
        self.channel.cork()  # the head and the first part are sent together
        try:
            super().write(data)
        finally:
            self.channel.uncork()

    def build_response_header(self) -> bytes:
        """The head, exactly as waitress makes it; it took a sixth of the server's own time."""
        # Done as if the client had asked to close, so that waitress's own rules for HTTP/1.0 and 1.1 apply.
        if self.channel.server.draining and not self.channel.has_more():
            self.request.headers["CONNECTION"] = "close"
        version, has_body = self.version, self.has_body
        asked = self.request.headers.get("CONNECTION", "").lower()
        length = date = server = None
        headers = []
        for name, value in self.response_headers:
            name = spelt(name)
            if name == "Content-Length":
                if not has_body:
                    continue
                length = value
            elif name == "Date":
                date = value
            elif name == "Server":
                server = value
            headers.append((name, value))
        self.response_headers = headers
        if length is None and self.content_length is not None and has_body:
            length = str(self.content_length)
            headers.append(("Content-Length", length))
        if version == "1.0":
            if asked != "keep-alive" or not length:
                self.set_close_on_finish()
            else:
                headers.append(("Connection", "Keep-Alive"))
        else:
            if asked == "close":
                self.set_close_on_finish()
            if not length:
                if has_body:
                    headers.append(("Transfer-Encoding", "chunked"))
                    self.chunked_response = True
                if not self.close_on_finish:
                    self.set_close_on_finish()
        ident = self.channel.server.adj.ident
        if server:
            headers.append(("Via", ident or "waitress"))
        elif ident:
            headers.append(("Server", ident))
        if not date:
            headers.append(("Date", http_date(self.start_time)))
        headers.sort(key=_NAME)
        lines = [f"HTTP/{version} {self.status}", *[f"{name}: {value}" for name, value in headers], "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def set_close_on_finish(self) -> None:
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if asked or self.wrote_header or not self._tells_its_end():
            super().set_close_on_finish()

    def _tells_its_end(self) -> bool:
        if self.version != "1.1" or self.request.command == "HEAD":
            return False
        return not self.has_body or self.content_length is None


class RequestTask(_Framing, WSGITask):
    """A request that the application answers."""

    def get_environment(self) -> dict[str, Any]:
        """The environment as waitress makes it, and what is ours."""
        request, channel = self.request, self.channel
        server, headers = channel.server, request.environ
        if headers is None:
            headers, request.proxied = in_environ(request.headers), shows_proxy(request.headers)
        own = channel.environ
        if own is None:
            own = channel.environ = _of_connection(channel)
        name, path = _divided(request.path, server.adj.url_prefix)
        return {
            **own,
            "REQUEST_METHOD": request.command,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "SCRIPT_NAME": name,
            "PATH_INFO": path,
            "REQUEST_URI": request.request_uri,
            "QUERY_STRING": request.query,
            "wsgi.url_scheme": request.url_scheme,
            "wsgi.errors": sys.stderr,
            "wsgi.input": request.get_body_stream(),
            "dynmodel.answer": channel.answer,
            "dynmodel.arrived": channel.began,
            # As it is before waitress takes some of the headers out.
            "dynmodel.proxied": request.proxied,
            **headers,
        }


def _divided(path: str, prefix: str) -> tuple[str, str]:
    """``SCRIPT_NAME`` and ``PATH_INFO``."""
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    if prefix and path == prefix:
        return prefix, ""
    return prefix, path.removeprefix(prefix) if path.startswith(prefix + "/") else path


def _of_connection(channel: Any) -> dict[str, Any]:
    """The part of the environment that is the same for all requests of a connection."""
    server, address = channel.server, channel.addr
    return {
        "REMOTE_ADDR": address[0],
        "REMOTE_HOST": address[0],
        "REMOTE_PORT": str(address[1]),
        "SERVER_PORT": str(server.effective_port),
        "SERVER_NAME": server.server_name,
        "SERVER_SOFTWARE": server.adj.ident,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": server.multiprocess,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": ReadOnlyFileBasedBuffer,
        "wsgi.input_terminated": True,
        "waitress.client_disconnected": channel.check_client_disconnected,
        # As it is before waitress puts the address that a trusted proxy forwards in the peer's place.
        "dynmodel.peer": address[0],
    }


class PreparedTask(_Framing, ErrorTask):
    """A request whose answer is there already: an error of waitress's, or an ``answers.Prepared``."""

    def execute(self) -> None:
        answer = self.request.error
        self.status, headers, body = answer.to_response(self.channel.adj.ident)
        count_answer(self.status[:3])
        self.response_headers.extend(headers)
        if getattr(answer, "closes", True):
            self.channel.may_be_sending = True
            Task.set_close_on_finish(self)
        self.content_length = len(body)
        # waitress sends a body with its errors even where HEAD was asked.
        self.write(b"" if getattr(self.request, "command", "") == "HEAD" else body)
