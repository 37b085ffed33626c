"""W3C Trace Context, read as the standard says; what it says to ignore is ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain import tracing
from executions.domain.tracing import TraceContext

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-00",
        f"cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future",
    ],
)
def test_a_span_is_read(header: str) -> None:
    assert tracing.read_traceparent(header) == TraceContext(trace_id=TRACE, span_id=SPAN)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_no_span_is_ignored(header: str | None) -> None:
    assert tracing.read_traceparent(header) is None


@given(st.text())
def test_no_text_does_harm(header: str) -> None:
    tracing.read_traceparent(header)


def test_the_answer_names_a_span_of_the_callers_trace() -> None:
    caller = TraceContext(trace_id=TRACE, span_id=SPAN)
    answered = tracing.read_traceparent(tracing.traceresponse(caller, "019ce0a1-0000-7000-8000-000000000000", 4))
    assert answered is not None
    assert answered.trace_id == TRACE
    assert answered.span_id == tracing.span_of("019ce0a1-0000-7000-8000-000000000000", 4) != SPAN
