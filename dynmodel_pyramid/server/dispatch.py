"""The threads of a process: they run requests, and one of them leads.

**The leader** polls the connections, and runs the requests that it finds there by itself, one after the other. So a
request needs no second thread: handing it over, and waking this thread for the answer, costs more than a short request
does. Whatever only "the polling thread" may do, the leader does.

**A request that takes long** stops nobody. The thread that called :meth:`Threads.lead` looks every few milliseconds
which request the leader runs. When it is still the same one, it *relieves* the leader: another thread leads from then
on. The thread that was relieved finishes its request, and goes back to the others. A request that is known to be long
relieves its thread by itself (:meth:`Threads.step_down`), or is given to another one from the beginning. And while
requests mostly wait for something else (``pace``), the leader lets another thread lead before it runs one.

**Answers may be held** (``held``): those that wait for the disk until no further request waits, or for a while; others
for a moment. Whoever leads by then sends them.

**There is always a thread to lead.** There is one more than requests may run at a time, and one more that may wait for
the disk. When as many run as may, the leader does nothing but poll.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from dynmodel_pyramid.server import held
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.pace import Pace
from dynmodel_pyramid.server.queue import Queue, Turn

log = logging.getLogger("dynmodel_pyramid.server")

#: Seconds between two looks at the leader. A request is left alone for one to two of them.
LOOK = 0.01
#: Looks that find nothing, after which the next request is waited for instead.
LOOKS = 20
#: Seconds for which the leader runs requests before it polls again, though more of them wait.
SPELL = 0.01
#: Seconds for which short answers are held to be sent together: a few rows by their ids.
TOGETHER = 0.002
#: Answers that may wait for the disk, besides those that it has been asked to take. Then no further request is run.
HELD = 64
#: Bytes of a body with which a request counts as long.
LONG_BODY = 64 * 1024


class Threads:
    """
    :param count: how many requests may run, besides those of clients who leave answers in temporary files. Such clients
        are *slow*; half as many of their requests may run, and the leader runs none. So slow clients keep nobody
        waiting, however much they ask for. A long answer frees its place as soon as the rest goes to a file.
    """

    def __init__(self, count: int) -> None:
        slow = max(1, count // 2)
        self.queue = Queue(count, slow)
        self.threads: set[threading.Thread] = set()  # that have not ended
        self.hurries = False  # the leader has left requests that it could run
        self._count = count + slow + 2  # one leads, and one may wait for the disk
        self._pace = Pace(learns=count > 1)
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)  # those who wait for something to do
        self._turn: Callable[[], bool] = lambda: False
        self._is_led = False  # somebody leads, or is to do so
        self._leader: int | None = None  # the thread's identity; None: the next idle thread is it
        self._leads_with: object | None = None  # the leader's request, or what else it does that may take long
        # Answers of leaders, which are to be sent by the one that leads: those that wait for the disk, and the others,
        # with the moment for which they wait.
        self._held: list[Channel] = []
        self._ready: list[Channel] = []
        self._ready_until = 0.0
        self._sends_held = False  # a thread waits for the disk, and sends all that is held by then
        self._failure: BaseException | None = None
        self._ending = False
        self._watch_waits = False
        self._wake_watch = threading.Event()

    # For the thread that serves

    def lead(self, turn: Callable[[], bool]) -> None:
        """Let the threads serve, until it is over.

        :param turn: polls once, and is false when it is over; called by the leader. Its errors are raised here.
        """
        self._turn = turn
        self._is_led = True
        for number in range(self._count):
            thread = threading.Thread(target=self._work, name=f"server-{number}", daemon=True)
            self.threads.add(thread)
            thread.start()
        self._watch()
        if self._failure is not None:
            raise self._failure

    def shutdown(self, timeout: float) -> None:
        """End the threads, after :meth:`lead`. Requests that wait are dropped; those that run have ``timeout`` seconds.

        ``threads`` are then those that still run.
        """
        with self._lock:
            self._ending = True
            self._idle.notify_all()
        deadline = time.monotonic() + timeout
        for thread in list(self.threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        if self.threads:
            log.warning("%d requests still run", len(self.threads))
        with self._lock:
            dropped = self.queue.clear()
        for turn in dropped:
            turn.channel.cancel()

    # For the leader

    def add_task(self, channel: Channel) -> None:
        """Run ``channel.requests[0]`` when it is its turn."""
        turn = Turn(channel, is_long=channel.requests[0].body_bytes_received > LONG_BODY)
        with self._lock:
            self.queue.add(turn)
            if turn.is_long or turn.client.spooled:
                self._idle.notify()

    # For any thread

    @property
    def is_busy(self) -> bool:
        """Whether a request waits or runs."""
        return self.queue.is_busy

    def leads(self) -> bool:
        """Whether the caller is the leader. It need not be woken: it looks at everything before it polls.

        If it is relieved after that, the next leader looks at everything, too.
        """
        return self._leader == threading.get_ident()

    def step_down(self) -> None:
        """Let another thread lead, if the calling one does: what it does now takes long."""
        if self.leads():
            self._relieve(self._leads_with)

    def poke(self) -> None:
        """Look again whether a waiting request may run now: clients become slow, and cease to be so."""
        with self._lock:
            if len(self.queue):
                self._idle.notify()

    # The watch

    def _watch(self) -> None:
        before: object | None = None
        nothing = 0
        while self._is_led:
            now = self._leads_with
            if now is not None and now is before:
                self._relieve(now)
            nothing = 0 if now is not None else nothing + 1
            before = now
            if nothing < LOOKS:
                time.sleep(LOOK)
            else:
                self._watch_waits = True
                # A request that began before the line above is seen here, and a later one wakes this thread.
                if self._leads_with is None and self._is_led:
                    self._wake_watch.wait(1.0)
                self._watch_waits = False
                self._wake_watch.clear()

    def _relieve(self, work: object | None) -> None:
        with self._lock:
            if work is not None and self._leads_with is work:
                self._leads_with = self._leader = None
                self._idle.notify()

    # The threads

    def _work(self) -> None:
        with self._lock:
            while not self._ending:
                if self._is_led and self._leader is None:
                    self._leader = threading.get_ident()
                    self._without_lock(self._lead)
                elif (turn := self._take()) is not None:
                    self._without_lock(partial(self._run, turn))
                    self.queue.ended(turn)
                else:
                    self._idle.wait()
            self.threads.discard(threading.current_thread())

    def _without_lock(self, act: Callable[[], None]) -> None:
        self._lock.release()
        try:
            act()
        finally:
            self._lock.acquire()

    def _take(self) -> Turn | None:
        # Short requests are the leader's, unless it polls and has left them because too many ran.
        return self.queue.take(short=self._leads_with is None, long=True)

    def _lead(self) -> None:
        try:
            # First what the thread that led before has left: nothing else would end the poll for that.
            while self._send_held() and self._run_waiting() and self._send_held():
                if not self._turn():
                    break
            else:
                return
        except BaseException as error:
            self._failure = error
        self._is_led = False
        self._wake_watch.set()

    def _run_waiting(self) -> bool:
        """Run requests that wait, for a while; false when another thread leads. Their answers may be held."""
        until = 0.0
        while True:
            with self._lock:
                turn = self.queue.take(short=True, long=False) if len(self._held) < HELD else None
                if turn is None:
                    self.hurries = False
                    return True
                sample = None
                if self._pace.waits():
                    self._leader = None
                    self._idle.notify()
                else:
                    self._leads_with = turn
                    sample = self._pace.begin()
            self._be_watched()
            if (len(self.queue) or self._ready) and self._leads_with is turn:
                held.hold_for_others(turn.channel)
            is_held = self._serve(turn)
            with self._lock:
                if sample is not None:
                    self._pace.end(sample)
                leads = self._leads_with is turn
                if leads:
                    self.queue.ended(turn)
                    self._leads_with = None
                    if is_held:
                        self._keep(turn.channel)
                if leads and len(self.queue) and self.queue.has_long():
                    self._idle.notify()
            if not leads:
                if is_held:
                    held.send([turn.channel])
                with self._lock:
                    self.queue.ended(turn)
                return False
            if len(self.queue):
                now = time.monotonic()
                until = until or now + SPELL
                if self._ready and now > self._ready_until:
                    self._send_ready()
                if now > until:
                    self.hurries = True
                    return True

    def _keep(self, channel: Channel) -> None:
        if not held.is_ready(channel):
            self._held.append(channel)
            return
        if not self._ready:
            self._ready_until = time.monotonic() + TOGETHER
        self._ready.append(channel)

    def _send_ready(self) -> None:
        with self._lock:
            channels, self._ready = self._ready, []
        held.send(channels)

    def _send_held(self) -> bool:
        """Send all answers that are held, unless another thread is at it; false when another thread leads by then."""
        if self._ready:
            self._send_ready()
        with self._lock:
            if self._sends_held or not self._held:
                return True
            self._sends_held = True
            self._leads_with = work = object()
        self._be_watched()
        while True:
            with self._lock:
                channels, self._held = self._held, []
                if not channels:
                    self._sends_held = False
                    if self._leads_with is not work:
                        return False
                    self._leads_with = None
                    return True
            held.send(channels)

    def _be_watched(self) -> None:
        if self._watch_waits and self._leads_with is not None:
            self._wake_watch.set()

    def _run(self, turn: Turn) -> None:
        """Run a request to its end, in a thread that does not lead."""
        if self._serve(turn):
            held.send([turn.channel])

    def _serve(self, turn: Turn) -> bool:
        """-> whether the answer is held, by this thread alone until it hands it on."""
        try:
            return turn.channel.service()
        except BaseException:
            log.exception("an error while %r was served", turn.channel)
            turn.channel.break_off()
            return turn.channel.waits_for is not None
