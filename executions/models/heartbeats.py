"""Signs of life of the processes that listen on no port."""

from django.db import models


class Heartbeat(models.Model):
    """When a long-running process last said that it works; by the database's clock."""

    SWEEPER = "sweeper"

    name = models.CharField(primary_key=True, max_length=63)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at:%H:%M:%S}"
