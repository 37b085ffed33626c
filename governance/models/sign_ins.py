"""Attempts to sign in, remembered for as long as they can make the next one wait."""

from django.db import models
from django.db.models.functions import Now


class SignInAttempt(models.Model):
    """One attempt for an e-mail address from one place; gone when it succeeded or grew old."""

    email = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    attempted_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["email", "address"], name="signinattempt_by_place"),
            models.Index(fields=["attempted_at"], name="signinattempt_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.email} from {self.address}"
