"""The Claude Agent SDK: hooks that ask before each prompt and each tool call, and settle after it.

async with execution("weather-report"):
    async for message in query(prompt="What is the weather in Geneva?", options=ClaudeAgentOptions()):
        print(message)

A ClaudeSDKClient gets `Governance(options).options`, and `follow` is put around its `receive_response()`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import claude_agent_sdk as sdk
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, HookContext, HookMatcher, Message, ResultMessage
from claude_agent_sdk.types import HookEvent, SyncHookJSONOutput

from waxell_client.adapters.telling import fitting
from waxell_client.amounts import Estimate, Usage, usage_of
from waxell_client.async_execution import AsyncAct, current_async_execution
from waxell_client.errors import Refused, WaxellError

# The hook waits while a person decides, and its minute would end that. The longest that the CLI's timers can take
# is 2^31 ms. What it did not hear of in time it does not do.
HOOK_SECONDS = 2_000_000.0
# Where the options name no model it is the CLI's own default.
UNNAMED_MODEL = "claude"


class NotDone(Exception):
    """Why a prompt was not answered or a tool not called, in the words of the CLI."""


async def query(*, prompt: str, options: ClaudeAgentOptions | None = None) -> AsyncIterator[Message]:
    """The SDK's `query` for one prompt, governed in the execution that the running code belongs to.

    Raises what `follow` raises; then the CLI has ended.
    """
    governance = Governance(options or ClaudeAgentOptions())
    async with ClaudeSDKClient(governance.options) as client:
        await client.query(prompt)
        async for message in governance.follow(client.receive_response()):
            yield message


class Governance:
    """Governs one session in the execution that the running code belongs to. Raises NoExecution.

    A tool that is refused is not called, and the model is told why. For each prompt one model call is asked for,
    under the model's name in the options; `max_budget_usd` is reserved for it. `options` are those to begin with.
    """

    def __init__(self, options: ClaudeAgentOptions) -> None:
        self._execution = current_async_execution()
        self._model = options.model or UNNAMED_MODEL
        most = options.max_budget_usd
        self._estimate = None if most is None else Estimate(usd=str(most))
        self._meter = Meter(begins_anew=not (options.resume or options.continue_conversation))
        self._prompts: list[AsyncAct] = []
        self._tools: dict[str, AsyncAct] = {}
        self._error: WaxellError | None = None
        ours: dict[HookEvent, Any] = {
            "UserPromptSubmit": self._before_prompt,
            "PreToolUse": self._before_tool,
            "PostToolUse": self._after_tool,
            "PostToolUseFailure": self._after_failure,
        }
        hooks = dict(options.hooks or {})
        for event, hook in ours.items():
            matcher = HookMatcher(hooks=[hook], timeout=HOOK_SECONDS, on_failure="block")
            hooks[event] = [*hooks.get(event, []), matcher]
        self.options = replace(options, hooks=hooks)

    async def follow(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Pass on what `receive_response` gives, and settle what it tells of.

        Raises, when the turn has ended: Refused (a prompt), Held, Stopped, Unreachable, Rejected, Unsayable.
        """
        async for message in messages:
            await self._settle(message)
            if self._error is None:
                self._execution.check()
                yield message
            elif isinstance(message, ResultMessage):
                raise self._error

    async def _before_prompt(self, said: Any, tool_use_id: str | None, context: HookContext) -> SyncHookJSONOutput:
        told = fitting({"prompt": said["prompt"]})
        act = self._execution.model(self._model, told=told, estimate=self._estimate, usage=None)
        try:
            await act.__aenter__()
        except WaxellError as error:
            return self._end(error)
        self._prompts.append(act)
        return {}

    async def _before_tool(self, said: Any, tool_use_id: str | None, context: HookContext) -> SyncHookJSONOutput:
        act = self._execution.tool(said["tool_name"], told=fitting(said["tool_input"]))
        try:
            await act.__aenter__()
        except WaxellError as error:
            answer: SyncHookJSONOutput = {} if isinstance(error, Refused) else self._end(error)
            answer["hookSpecificOutput"] = {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": str(error),
            }
            return answer
        self._tools[said["tool_use_id"]] = act
        return {}

    async def _after_tool(self, said: Any, tool_use_id: str | None, context: HookContext) -> SyncHookJSONOutput:
        return await self._report_tool(said["tool_use_id"], output=said["tool_response"])

    async def _after_failure(self, said: Any, tool_use_id: str | None, context: HookContext) -> SyncHookJSONOutput:
        return await self._report_tool(said["tool_use_id"], error=NotDone(said["error"]))

    async def _settle(self, message: Message) -> None:
        if isinstance(message, sdk.UserMessage) and isinstance(message.content, list):
            for block in message.content:
                if isinstance(block, sdk.ToolResultBlock):
                    # Still open where the CLI's own permissions, or another hook, said no after Waxell had said yes.
                    await self._report_tool(block.tool_use_id, error=NotDone(str(block.content)))
        if isinstance(message, ResultMessage) and self._prompts:
            usage = self._meter.read(message)
            said = NotDone(message.result or message.subtype) if message.is_error else None
            while self._prompts:
                act = self._prompts.pop(0)
                # Prompts that came meanwhile were answered in the same turn.
                act.used(usage)
                usage = Usage(tokens_in=0, tokens_out=0)
                await self._report(act, output=message.result, error=said)

    async def _report_tool(
        self, tool_use_id: str, *, output: object = None, error: Exception | None = None
    ) -> SyncHookJSONOutput:
        act = self._tools.pop(tool_use_id, None)
        return {} if act is None else await self._report(act, output=output, error=error)

    async def _report(self, act: AsyncAct, *, output: object, error: Exception | None) -> SyncHookJSONOutput:
        act.output = output
        try:
            await act.__aexit__(type(error) if error else None, error, None)
            # What is reported as failed raises no stop itself.
            self._execution.check()
        except WaxellError as problem:
            return self._end(problem)
        return {}

    def _end(self, error: WaxellError) -> SyncHookJSONOutput:
        self._error = self._error or error
        return {"continue_": False, "stopReason": str(error)}


class Meter:
    """Reads what each turn used from a session's running totals, those of its subagents included.

    A session that goes on from an earlier one tells totals of both: of its first turn only the turn's own are known.
    """

    def __init__(self, *, begins_anew: bool) -> None:
        self._before: Mapping[str, Any] | None = {} if begins_anew else None

    def read(self, result: ResultMessage) -> Usage:
        """What was used since the last reading, under the name of the model that used most."""
        before, now = self._before, result.model_usage or {}
        self._before = now
        if before is None:
            return usage_of({"usage": result.usage}) or Usage()
        grown = {model: _usage(now[model], before.get(model, {})) for model in now}
        model = max(grown, key=lambda name: sum(grown[name]), default=None)
        tokens_in = sum(counts[0] for counts in grown.values())
        tokens_out = sum(counts[1] for counts in grown.values())
        return Usage(model=model, tokens_in=tokens_in, tokens_out=tokens_out)


def _usage(now: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[int, int]:
    """How many more tokens went in, those of the cache included, and how many came out."""

    def grown(*names: str) -> int:
        return max(0, sum(int(now.get(name, 0)) - int(before.get(name, 0)) for name in names))

    return grown("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"), grown("outputTokens")
