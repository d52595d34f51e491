import threading

from dynmodel_pyramid.database.work import _Watcher


def test_a_thread_that_fails_is_followed_by_another(monkeypatch):
    """So a fault in one request's work never leaves all later work unwatched."""
    raised, stopped = threading.Event(), threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda arguments: raised.set())

    class Failing:
        def is_abandoned(self):
            raise RuntimeError("a fault")

    class Gone:
        stop = staticmethod(stopped.set)

        def is_abandoned(self):
            return True

    failing, gone, watcher = Failing(), Gone(), _Watcher()
    watcher.watch(failing)
    assert raised.wait(30)
    watcher.forget(failing)
    watcher.watch(gone)
    assert stopped.wait(30)
    watcher.forget(gone)
