"""Texts to try on what happened."""

SCHEMA = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}


def rule(resource: str = "mail", *, effect: str = "deny", name: str = "no-mail", when: str = "") -> str:
    """A policy of one forbid about one tool."""
    return f"""@id("{name}") @message("Not {resource}.") @effect("{effect}")
forbid (principal, action in Action::"tool.call", resource == Tool::"{resource}"){when};"""
