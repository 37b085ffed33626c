"""Drafts being tried on what happened: how far each is, and what was found."""

from django.db import models
from django.db.models import Q

from waxell.lib.ids import uuid7


class Simulation(models.Model):
    """A text of a policy tried on the decisions of a period. Workers go on with it, part by part.

    ``text`` and ``mode`` are the draft's when it began. ``base`` names the rules in force that it is compared with;
    empty means what was decided then. ``contents`` says whether whoever began it could read arguments.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Lost"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="+")
    policy = models.ForeignKey("governance.Policy", models.PROTECT, related_name="+")
    person = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    text = models.TextField()
    mode = models.CharField(max_length=16)
    base = models.CharField(max_length=80, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    contents = models.BooleanField()
    expected = models.BigIntegerField(null=True, help_text="About how many decisions there are.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["policy", "person", "-id"], name="simulation_by_policy"),
            models.Index(fields=["person"], condition=Q(state="running"), name="simulation_running"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True) | (~Q(state="running") & Q(ended_at__isnull=False)),
                name="simulation_ends_with_its_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.id}"


class SimulationPart(models.Model):
    """A share of a simulation's executions: how far a worker is with it, and its counts.

    ``stream`` and ``seq`` are the decision judged last; ``transitions`` counts by place,
    ``affected`` is agent -> workflow -> [changed, let through].
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    stream = models.UUIDField(null=True)
    seq = models.BigIntegerField(null=True)
    done = models.BooleanField(default=False)
    decisions = models.BigIntegerField(default=0)
    unjudged = models.BigIntegerField(default=0)
    marked = models.BigIntegerField(default=0)
    transitions = models.JSONField(default=dict)
    affected = models.JSONField(default=dict)
    worked_at = models.DateTimeField()
    rung_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rung_at"], condition=Q(done=False), name="simulationpart_open")]
        constraints = [models.UniqueConstraint(fields=["simulation", "number"], name="simulationpart_number_unique")]

    def __str__(self) -> str:
        return f"{self.simulation_id} part {self.number}"


class SimulationExample(models.Model):
    """One decision that would be another: what bound then (``was``) and what would (``reason``).

    ``place`` is the transition's in the order of their reading. Nothing here was ever a payload.
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, db_index=False, related_name="examples")
    place = models.PositiveSmallIntegerField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()
    decided_at = models.DateTimeField()
    agent = models.CharField(max_length=63)
    workflow = models.CharField(max_length=200)
    kind = models.CharField(max_length=32)
    resource = models.TextField()
    was = models.JSONField(null=True)
    reason = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["simulation", "place", "stream", "seq"], name="simulationexample_decision_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.simulation_id} {self.stream} {self.seq}"
