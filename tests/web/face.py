"""A client for tests of ``/rest/``: what holds for every answer is checked at every answer."""

import json

import webtest


class Face:
    """``/rest/`` of an application. Every error must be PostgREST's."""

    def __init__(self, app: webtest.TestApp):
        self.app = app

    def send(
        self, method: str, path: str, document=None, *, body: bytes | None = None, **headers
    ) -> webtest.TestResponse:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if document is not None:
            body, headers = json.dumps(document).encode(), {"Content-Type": "application/json", **headers}
        answer = self.app.request(f"/rest/{path}", method=method, body=body or b"", headers=headers, expect_errors=True)
        if answer.status_int >= 300 and method != "HEAD":
            assert answer.content_type == "application/json"
            assert set(answer.json) == {"code", "message", "details", "hint"}
            assert answer.json["code"] and answer.json["message"]
            sent = f"{path} {headers} {body!r}".lower()  # Hypothesis tries words of our own modules
            insides = ("Traceback", "sqlalchemy", "_dynmodel", "SELECT")
            assert not any(inside in answer.text for inside in insides if inside.lower() not in sent)
        return answer

    def rows(self, path: str, **headers):
        answer = self.send("GET", path, **headers)
        assert answer.status_int in (200, 206), answer.text
        return answer.json

    def refused(self, method: str, path: str, status: int, code: str, document=None, **more) -> dict:
        answer = self.send(method, path, document, **more)
        assert (answer.status_int, answer.json["code"]) == (status, code), answer.text
        return answer.json
