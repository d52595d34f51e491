"""How the clients of an access race that are administrators send requests."""

import random

from tests.soak.fleet import Answer, Client
from tests.soak.granting import Document


class Sender:
    """Requests of an administrator, each through a random process."""

    def __init__(self, ports: list[int], secret: str, chance: random.Random):
        self.client = Client(ports)
        self.secret, self.chance = secret, chance

    def __call__(self, method: str, path: str, document: Document | list | None = None, **headers: str) -> Answer:
        place = self.chance.randrange(len(self.client))
        return self.client(place, method, path, document, Authorization=f"Bearer {self.secret}", **headers)

    def must(self, method: str, path: str, document: Document | list | None = None, **headers: str) -> Answer:
        answer = self(method, path, document, **headers)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def until_not_busy(self, method: str, path: str, document: Document | list | None = None) -> Answer:
        """The answer that is not 503."""
        while True:
            answer = self(method, path, document)
            if answer.status != 503:
                break
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer
