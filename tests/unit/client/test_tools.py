"""How a governed function's arguments are told, and what cannot be governed."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from waxell_client import Delegation, NoExecution, governed_tool
from waxell_client.tools import by_name


def told(function: object, *args: object, **kwargs: object) -> dict[str, object]:
    return by_name(inspect.signature(function), args, kwargs)  # type: ignore[arg-type]


def test_arguments_are_told_by_name_with_their_defaults() -> None:
    def tool(a: int, *rest: int, b: int = 2, **more: int) -> None: ...

    assert told(tool, 1) == {"a": 1, "rest": (), "b": 2}
    assert told(tool, 1, 5, 6, b=3, c=4) == {"a": 1, "rest": (5, 6), "b": 3, "c": 4}


def test_a_methods_object_is_not_told() -> None:
    class Desk:
        def find(self, what: str) -> None: ...

    assert told(Desk.find, Desk(), "pen") == {"what": "pen"}


def test_arguments_that_do_not_fit_are_a_type_error() -> None:
    @governed_tool
    def tool(a: int) -> None: ...

    with pytest.raises(TypeError):
        told(tool, 1, 2)


def test_a_generator_is_not_governed_as_if_it_were_done_when_it_begins() -> None:
    def pages() -> Iterator[int]:
        yield 1

    async def async_pages() -> AsyncIterator[int]:
        yield 1

    for function in (pages, async_pages):
        with pytest.raises(TypeError, match="generator"):
            governed_tool(function)


def test_outside_an_execution_nothing_is_done() -> None:
    @governed_tool
    def tool() -> None:
        pytest.fail("it was done")

    @governed_tool
    async def coroutine() -> None:
        pytest.fail("it was done")

    with pytest.raises(NoExecution, match="nothing was done"):
        tool()
    with pytest.raises(NoExecution):
        asyncio.run(coroutine())


def test_a_function_stays_itself() -> None:
    @governed_tool(name="other")
    def tool(a: int) -> int:
        """Say what it does."""
        return a

    assert (tool.__name__, tool.__doc__) == ("tool", "Say what it does.")
    assert list(inspect.signature(tool).parameters) == ["a"]
    assert not inspect.iscoroutinefunction(tool)


def test_a_delegation_is_one_word() -> None:
    delegation = Delegation(parent="0190-abc", seq=7)

    assert Delegation.parse(str(delegation)) == delegation
    for wrong in ("", "0190", ":7", "0190:x"):
        with pytest.raises(ValueError, match="no delegation"):
            Delegation.parse(wrong)
