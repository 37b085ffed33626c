"""What stops a local start, said in one sentence to the person who typed the command."""


class CannotStart(Exception):
    """Waxell cannot start here; the message is one sentence that says why and what to do."""
