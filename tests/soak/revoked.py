"""Administrators whose tokens are revoked while they add rows, for :mod:`tests.soak.access`.

Their rows take the shortest path, which no user with limited rights has. A row that is not there when a revocation is
answered must never come.
"""

import threading

from tests.soak.granted import Race
from tests.soak.sending import Sender

ROWS = "/table/Entry/rows/"


class Adding(threading.Thread):
    """Adds rows by one token, until it is refused."""

    def __init__(self, race: Race, send: Sender, token: int) -> None:
        super().__init__(daemon=True)
        self.race, self.send, self.token = race, send, token

    def run(self) -> None:
        try:
            number = 0
            while True:
                number += 1
                answer = self.send("POST", ROWS, {"token": self.token, "n": number})
                if answer.status == 401:
                    break
                if not self.race.count("single row", answer):
                    continue
                if answer.status != 201:
                    self.race.figures.violate("row_refused", f"{answer.status} {answer.body[:300]!r}")
        except Exception as error:
            self.race.figures.violate("administrator_failed", repr(error))
        finally:
            self.send.client.close()


class Revoked:
    """Makes tokens of administrators, and revokes each in the midst of its rows."""

    def __init__(self, race: Race, send: Sender, ports: list[int]) -> None:
        self.race, self.send, self.ports = race, send, ports

    def loop(self) -> None:
        chance = self.send.chance
        try:
            self.send.must("POST", "/table/", {"model_name": "Entry", "fields": {"token": "integer", "n": "integer"}})
            while not self.race.over.is_set():
                made = self.send.until_not_busy("POST", "/token/", {"name": "adding", "roles": ["admin"]}).json
                adding = Adding(self.race, Sender(self.ports, made["secret"], chance), made["id"])
                adding.start()
                self.race.over.wait(chance.uniform(0.1, 0.5))
                self.send.until_not_busy("DELETE", f"/token/{made['id']}/")
                before = self.there(made["id"])
                adding.join()
                for late in self.there(made["id"]) - before:
                    self.race.figures.violate("row_after_revocation", f"token {made['id']}, row {late}")
                self.race.tally["tokens_revoked"] += 1
                self.race.tally["rows_by_administrators"] += len(before)
        except Exception as error:
            self.race.figures.violate("revoker_failed", repr(error))
        finally:
            self.send.client.close()

    def there(self, token: int) -> set[int]:
        answer = self.send.until_not_busy("GET", f"{ROWS}?select=n&token=eq.{token}&limit=100000")
        return {row["n"] for row in answer.json}
