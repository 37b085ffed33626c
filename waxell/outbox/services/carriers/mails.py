"""E-mail, by Django's mailer `default`."""

import smtplib
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from waxell.outbox.services.carriers import Arrived, NotCarried

ALIAS: Final = "default"


def mail(address: str, *, subject: str, text: str, name: str) -> Arrived:
    """Send one mail; `name` is the message's id, the same in every attempt, so that mailboxes know a twin.

    Raises NotCarried.
    """
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    made = EmailMessage(
        subject=subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
        headers={"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        made.send(using=ALIAS)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # What a mail server answers may name the address; its class says enough.
        code = getattr(error, "smtp_code", None)
        problem = f"The mail server answered {code}." if code else f"The mail server failed: {type(error).__name__}."
        raise NotCarried(problem) from error
    return Arrived()
