"""API keys never reach a log: a filter for every handler."""

import logging
import re

# wxk_<id>_<secret>: the id stays, it tells which key to revoke.
API_KEY = re.compile(r"(wxk_[A-Za-z0-9]+_)[A-Za-z0-9_-]+")
CONNECTION_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@")


def hide_secrets(text: str) -> str:
    """Replace the secret part of API keys and the passwords inside URLs by `***`."""
    return CONNECTION_PASSWORD.sub(r"\1***@", API_KEY.sub(r"\1***", text))


class HideSecrets(logging.Filter):
    """Rewrite the finished message, so that arguments are covered too."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = hide_secrets(message)
        if hidden != message:
            record.msg, record.args = hidden, None
        if record.exc_info and not record.exc_text:
            record.exc_text = hide_secrets(logging.Formatter().formatException(record.exc_info))
        return True
