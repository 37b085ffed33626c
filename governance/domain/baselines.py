"""The policy that every project begins with, so that an empty project never stops a first call."""

from typing import Final

_WATCH: Final = """\
// Everything is permitted, and everything is written down.
// Add a forbid, here or in a policy of its own, to stop what should not happen.

@id("permit-everything")
@message("This project watches: what no rule forbids is allowed.")
permit (principal, action, resource);
"""

_ALLOW_LIST: Final = """\
// Only names that somebody has adopted are permitted; new ones wait in the registry.

@id("permit-adopted")
@message("Adopted tools, models, agents and workflows are allowed.")
permit (principal, action, resource)
when { !context.discovered };

@id("permit-continuing")
@message("An execution that was admitted may go on.")
permit (principal, action == Action::"execution.continue", resource);
"""

BASELINES: Final = {"watch": _WATCH, "allow-list": _ALLOW_LIST}
"""The texts by the name that is chosen when a project is created; *watch* is the default."""
