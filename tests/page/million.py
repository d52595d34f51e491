"""The grid over 1,000,000 rows: 100 jumps to any place and a long scroll, with what the tab takes meanwhile.

python -m tests.page.million --database sqlite
python -m tests.page.million --database postgresql --order amount --rows 200000

It prints, for jumps and for the scroll: milliseconds until all rows in view are there, the longest frame (between two
animation frames), rows held at most, requests, the JavaScript heap after a collection of garbage, and the memory of the
tab's process, of which its own (USS) is without what it shares with the browser.
"""

import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import psutil
import requests
from playwright.sync_api import CDPSession, Page

from tests.page.browsing import DESK, Faults, chromium
from tests.soak.meter import command, running_server

FIELDS = {
    "name": "string",
    "code": "string",
    "amount": {"type": "integer", "index": True},
    "price": "number",
    "made": "date",
    "done": "boolean",
    "note": "string",
}
PART = 200_000
#: Frames are noted from here on; `frames()` gives them, and forgets them.
FRAMES = """() => {
  let last = performance.now(), longest = 0;
  const note = (now) => { longest = Math.max(longest, now - last); last = now; requestAnimationFrame(note); };
  requestAnimationFrame(note);
  window.frames_ = () => { const found = longest; longest = 0; return found; };
}"""
JUMP = "share => { const grid = document.querySelector('.grid'); grid.scrollTop = share * grid.scrollHeight; }"
#: Whether all rows in view have come.
FILLED = """() => !document.querySelector('.grid-waits') && document.querySelectorAll('.grid-value').length > 0"""


def csv(first: int, last: int) -> Iterator[bytes]:
    yield b"name,code,amount,price,made,done,note\n"
    for i in range(first, last):
        code, amount, price = random.randrange(10**6), random.randrange(1000), random.randrange(10**6) / 100
        day = f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
        yield f"Product {i},C{code:06d},{amount},{price},{day},{'true' if i % 3 else 'false'},note {i % 977}\n".encode()


def seed(url: str, rows: int) -> None:
    random.seed(1)
    answer = requests.post(f"{url}/table/", json={"model_name": "Product", "fields": FIELDS}, timeout=60)
    answer.raise_for_status()
    headers = {"Content-Type": "text/csv", "Prefer": "return=minimal"}
    for first in range(0, rows, PART):
        body = b"".join(csv(first, min(rows, first + PART)))
        requests.post(f"{url}/table/Product/rows/", data=body, headers=headers, timeout=600).raise_for_status()


class Tab:
    """The tab, and what it takes."""

    def __init__(self, page: Page):
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("Performance.enable")
        page.evaluate(FRAMES)
        address = page.evaluate(
            "() => document.querySelector('script[type=module]').src.replace('main.js', 'rows/source.js')"
        )
        prototype = f"import({address!r}).then(module => module.RowSource.prototype)"
        found = self.cdp.send("Runtime.evaluate", {"expression": prototype, "awaitPromise": True})
        self._prototype = found["result"]["objectId"]

    def source(self, member: str) -> int:
        """A member of the source of the grid's rows."""
        found = self.cdp.send("Runtime.queryObjects", {"prototypeObjectId": self._prototype})["objects"]["objectId"]
        call = f"function() {{ return Math.max(...this.map(each => each.{member})); }}"
        answer = self.cdp.send(
            "Runtime.callFunctionOn", {"objectId": found, "functionDeclaration": call, "returnByValue": True}
        )
        return answer["result"]["value"]

    def heap(self) -> float:
        """MB of JavaScript's heap after a collection of garbage."""
        self.cdp.send("HeapProfiler.collectGarbage")
        metrics = self.cdp.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize") / 1e6

    @staticmethod
    def process() -> psutil.Process:
        """The tab's process: the largest that draws pages."""
        children = psutil.Process().children(recursive=True)
        drawing = [each for each in children if any("--type=renderer" in part for part in each.cmdline())]
        return max(drawing, key=lambda each: each.memory_info().rss)

    def memory(self) -> tuple[float, float]:
        """MB of the tab's process: resident, and its own."""
        info = self.process().memory_full_info()
        return info.rss / 1e6, info.uss / 1e6

    def cpu(self) -> float:
        """Milliseconds of processor time of the tab's process so far."""
        times = self.process().cpu_times()
        return (times.user + times.system) * 1000

    def filled(self) -> float:
        """Milliseconds till all rows in view are there."""
        begun = time.perf_counter()
        self.page.wait_for_function(FILLED, timeout=60_000, polling=10)
        return (time.perf_counter() - begun) * 1000

    def tell(self, what: str, waits: list[float], held: int) -> None:
        resident, own = self.memory()
        print(f"{what}:")
        if waits:
            ordered = sorted(waits)
            print(
                f"  ms till the rows are there: median {statistics.median(ordered):.0f},"
                f" 95 % {ordered[int(len(ordered) * 0.95) - 1]:.0f}, longest {ordered[-1]:.0f}"
            )
        print(f"  longest frame, ms: {self.page.evaluate('frames_()'):.0f}")
        print(f"  rows held at most: {held}; requests so far: {self.source('requests')}")
        print(f"  MB: heap {self.heap():.1f}, process {resident:.0f}, of which its own {own:.0f}", flush=True)


def measure(url: str, order: str, jumps: int) -> None:
    with chromium() as browser:
        page, faults = browser.new_context(viewport=DESK).new_page(), Faults()
        faults.watch(page)
        begun = time.perf_counter()
        page.goto(f"{url}/ui/table/Product/" + (f"?order={order}" if order else ""))
        page.wait_for_function(FILLED, timeout=60_000)
        print(f"first rows after {(time.perf_counter() - begun) * 1000:.0f} ms")
        page.wait_for_timeout(2000)  # counts exactly
        tab = Tab(page)
        page.evaluate("frames_()")
        tab.tell("at the beginning", [], tab.source("held"))
        waits, held = [], 0
        for _ in range(jumps):
            page.evaluate(JUMP, random.random())
            page.wait_for_timeout(50)
            waits.append(50 + tab.filled())
            held = max(held, tab.source("held"))
        page.evaluate("frames_()")  # looking at the source stops the page
        cpu = tab.cpu()
        for _ in range(10):
            page.evaluate(JUMP, random.random())
            page.wait_for_timeout(200)
            tab.filled()
        print(f"processor time of the tab for a jump, ms: {(tab.cpu() - cpu) / 10:.0f}")
        tab.tell(f"{jumps} jumps", waits, held)
        held = scroll(page, tab)
        tab.tell("a scroll over 7,500 rows by the wheel", [tab.filled()], held)
        page.keyboard.press("Control+End")
        page.click(".grid [role=gridcell]")
        page.keyboard.press("Control+End")
        page.wait_for_timeout(50)
        tab.tell("Ctrl+End", [50 + tab.filled()], tab.source("held"))
        print("faults:", list(faults) or "none")


def scroll(page: Page, tab: Tab) -> int:
    page.evaluate("document.querySelector('.grid').scrollTop = 0")
    tab.filled()
    page.mouse.move(700, 400)
    held = 0
    page.evaluate("frames_()")
    longest: Any = 0
    for step in range(300):
        page.mouse.wheel(0, 800)
        page.wait_for_timeout(16)
        if step % 100 == 99:
            longest = max(longest, page.evaluate("frames_()"))
            held = max(held, tab.source("held"))
            page.evaluate("frames_()")
    print(f"longest frame of the scroll, ms: {longest:.0f}")
    return held


def main() -> None:
    parser = command(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--order", default="", help="as in a query; by id without it")
    parser.add_argument("--jumps", type=int, default=100)
    parser.add_argument("--url", help="of a server that runs, with the table Product, instead of one of its own")
    asked = parser.parse_args()
    if asked.url:
        measure(asked.url, asked.order, asked.jumps)
        return
    with running_server(asked.database, asked.threads) as server:
        seed(server.url, asked.rows)
        measure(server.url, asked.order, asked.jumps)


if __name__ == "__main__":
    main()
