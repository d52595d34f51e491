"""The spool keeps every byte in order, and its account is even in the end."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.server import spool
from dynmodel_pyramid.server.spool import Spool

STEPS = st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 90)), max_size=40)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # files are slow on a busy machine
@given(steps=STEPS, memory=st.integers(0, 50), segment=st.integers(1, 100))
def test_first_in_first_out(steps, memory, segment):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "SEGMENT", segment)
        account = []
        made, given_out, taken = Spool(memory, account.append), b"", b""
        for data, size in steps:
            if data:
                made.append(data)
                given_out += data
            part = made.get(size)
            assert len(part) <= size
            made.skip(len(part))
            taken += part
            assert len(made) == len(given_out) - len(taken)
            assert sum(account) >= 0
        while part := made.get(7):
            made.skip(len(part))
            taken += part
        assert taken == given_out
        assert sum(account) == 0


def test_memory_is_bounded_and_files_are_freed():
    account = []
    made = Spool(1000, account.append)
    made.append(b"a" * 1000)
    assert account == []
    for _ in range(10):
        made.append(b"b" * 1000)
    assert sum(account) == 10_000
    made.close()
    assert sum(account) == 0 and len(made) == 0 and made.get(1) == b""


def test_what_a_full_disk_leaves_is_given_back(monkeypatch):
    account = []
    made = Spool(0, account.append)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        made.append(b"x" * 100)
    made.close()
    assert sum(account) == 0
