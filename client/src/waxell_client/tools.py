"""Functions that are governed wherever they are called."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from waxell_client import scope as scopes
from waxell_client.acts import Plan, plan
from waxell_client.amounts import Estimate, Metering
from waxell_client.async_execution import AsyncAct
from waxell_client.execution import Act

Given = ParamSpec("Given")
Output = TypeVar("Output")


@overload
def governed_tool(function: Callable[Given, Output], /) -> Callable[Given, Output]: ...
@overload
def governed_tool(
    *,
    name: str | None = None,
    told: Callable[..., Mapping[str, Any]] | None = None,
    estimate: Estimate | None = None,
    usage: Metering = None,
) -> Callable[[Callable[Given, Output]], Callable[Given, Output]]: ...
def governed_tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    told: Callable[..., Mapping[str, Any]] | None = None,
    estimate: Estimate | None = None,
    usage: Metering = None,
) -> Any:
    """Ask before each call of a function, in the execution that the calling code belongs to.

    The tool is called `name`, or as the function is. What is decided on are the function's arguments by name,
    or what `told`, called with the same arguments, returns. A plain function blocks while it asks, also in an
    event loop. Calls raise NoExecution outside an execution, Unsayable for arguments without a form in JSON,
    and Refused, Held, Stopped, Unreachable or Rejected; then the function was not called.
    """

    def govern(inner: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
            raise TypeError("A generator does its work after it returned: use `with ex.tool(…):` inside it.")
        signature = inspect.signature(inner)
        called = name or inner.__name__

        def planned(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Plan:
            said = told(*args, **kwargs) if told else by_name(signature, args, kwargs)
            return plan("tool.call", called, said, estimate=estimate, usage=usage)

        @wraps(inner)
        def blocking(*args: Any, **kwargs: Any) -> Any:
            with Act(scopes.current(), planned(args, kwargs)) as act:
                act.output = output = inner(*args, **kwargs)
            return output

        @wraps(inner)
        async def waiting(*args: Any, **kwargs: Any) -> Any:
            async with AsyncAct(scopes.current(), planned(args, kwargs)) as act:
                act.output = output = await inner(*args, **kwargs)
            return output

        return waiting if inspect.iscoroutinefunction(inner) else blocking

    return govern if function is None else govern(function)


def by_name(signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by the names of a function's parameters, defaults included, without the object of a method.

    Raises TypeError where they do not fit.
    """
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    named: dict[str, Any] = {}
    for index, (name, value) in enumerate(bound.arguments.items()):
        if index == 0 and name in ("self", "cls"):
            continue
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            named |= value
        else:
            named[name] = value
    return named
