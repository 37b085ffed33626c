"""A policy's text laid out by the engine's own formatter."""

from typing import Final

import cedarpy

from governance.domain import policies
from governance.domain.policies import PolicyError

LINE_WIDTH: Final = 100
INDENT: Final = 2


class NotFormatted(Exception):
    """The text was left as it is; `errors` say why and where."""

    def __init__(self, errors: tuple[PolicyError, ...]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def format_text(text: str) -> str:
    """Return `text` with the engine's line breaks and indents, and the same rules and comments.

    What only stands against publishing does not matter here. Raises NotFormatted where the text cannot be read.
    """
    # The formatter recurses natively and names no place: first our own limits, then the parser rule by rule.
    if flaws := policies.unreadable(text):
        raise NotFormatted(flaws)
    try:
        made = cedarpy.format_policies(text, line_width=LINE_WIDTH, indent_width=INDENT)
        same = cedarpy.policies_to_json_str(made) == cedarpy.policies_to_json_str(text)
    except ValueError:
        same = False
    if not same:
        raise NotFormatted((PolicyError(message="The formatter would change what this text means."),))
    return made.strip("\n") + "\n"
