"""W3C Trace Context, sections 3.2 and 3.3."""

import pytest

from dynmodel_pyramid.telemetry.trace_context import TraceContext, trace_context

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RIGHT = f"00-{TRACE}-{PARENT}-01"


def read(parent: str, state: str = "") -> TraceContext | None:
    return trace_context({"HTTP_TRACEPARENT": parent, "HTTP_TRACESTATE": state})


@pytest.mark.parametrize(
    "wrong",
    (
        "",
        RIGHT.upper(),
        RIGHT + "-x",
        RIGHT + "\n",
        f"{RIGHT},{RIGHT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01.x",
        f"cc-{TRACE}-{PARENT}-01-" + "x" * 1000,
    ),
)
def test_a_wrong_parent_counts_as_none(wrong):
    assert read(wrong) is None


def test_a_later_version_is_read_as_far_as_it_is_known():
    assert read(f"cc-{TRACE}-{PARENT}-ff-what") == TraceContext(TRACE, PARENT, "01")


@pytest.mark.parametrize(
    ("state", "kept"),
    (
        ("a=1, b@c=2,", "a=1,b@c=2"),
        ("a=1,a=2", ""),
        ("A=1", ""),
        ("a=é", ""),
        ("a=1,b", ""),
        (",".join(f"k{number}=1" for number in range(33)), ""),
        ("a=" + "x" * 300, ""),
        (",".join(f"k{number}=" + "x" * 100 for number in range(6)), ""),
    ),
)
def test_a_wrong_or_long_state_is_dropped(state, kept):
    found = read(RIGHT, state)
    assert found is not None and found.state == kept


def test_what_is_passed_on_is_a_new_parent_in_the_same_trace():
    found = read(RIGHT, "a=1")
    assert found is not None
    sent = found.headers()
    again = read(sent["traceparent"], sent["tracestate"])
    assert again is not None and (again.trace_id, again.flags, again.state) == (TRACE, "01", "a=1")
    assert again.parent_id != PARENT
