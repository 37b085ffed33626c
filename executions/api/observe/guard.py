"""Looking at a prompt before it is sent: detectors find, the rules in force decide. Nothing of it is kept."""

import time
from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest, HttpResponse

from executions.api.observe import answers
from executions.api.observe.runs import TELEMETRY_BYTES
from executions.api.observe.verdicts import told
from executions.api.observe.views import Call, ObserveView, unlisted
from executions.api.views import json_response
from executions.services import acting
from executions.services.rehearsing import Rehearsed, rehearse
from governance.domain import detectors
from governance.domain.detectors import Family
from governance.domain.kinds import Kind
from governance.services.rates import TooManyRequests
from waxell.lib.errors import Unavailable
from waxell.lib.fields import Fields

WORKFLOW: Final = "prompt-guard"


@unlisted
class PromptGuard(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest) -> HttpResponse:
        """What a text gives away, and whether it may be sent."""
        began_at = time.perf_counter()
        try:
            call = self.begin(request)
            fields = Fields(call.body)
            text = fields.text("text", min_length=0, max_length=TELEMETRY_BYTES)
            name = fields.optional_text("agent_name", max_length=1000) or "agent"
            findings = detectors.detect(text)
            judged = _judged(call, name, sorted({finding.family for finding in findings}))
        except (TooManyRequests, Unavailable) as error:
            # Any other status would let the prompt go.
            return json_response({"action": "block", "violations": [{"detail": str(error.detail or error.title())}]})
        return json_response(
            {
                "action": _strictest(judged),
                "violations": [
                    {"detail": detail, **({"reason": reason} if reason else {})}
                    for detail, reason in _violations(findings, judged)
                ],
                "redacted_text": detectors.redact(text, findings),
                "scan_time_ms": round((time.perf_counter() - began_at) * 1000, 3),
                "detectors": detectors.VERSION,
            }
        )


def _judged(call: Call, name: str, families: Iterable[Family]) -> dict[Family, answers.Body]:
    """The rules' word on each family: whether `data.access` to `prompt/FAMILY` would be allowed."""
    return {
        family: answers.verdict(
            told(
                rehearse(
                    caller=call.caller,
                    wanted=Rehearsed(
                        agent=acting.agent_of(call.key, name),
                        workflow=WORKFLOW,
                        labels={"agent_name": name[:255]},
                        kind=Kind.DATA_ACCESS,
                        resource=f"prompt/{family}",
                    ),
                )
            )
        )
        for family in families
    }


def _strictest(judged: dict[Family, answers.Body]) -> str:
    if not judged:
        return "allow"
    # What is found and allowed is still worth a word: the client's own setting may be stricter.
    return "block" if any(body["action"] == "block" for body in judged.values()) else "warn"


def _violations(
    findings: tuple[detectors.Finding, ...], judged: dict[Family, answers.Body]
) -> Iterable[tuple[str, str]]:
    """Each detector that found something, once, and why its family is refused or flagged."""
    named = dict.fromkeys((finding.family, finding.detector) for finding in findings)
    for family, detector in named:
        yield f"{family}: {detector}", judged[family]["reason"]
