from django.apps import AppConfig
from django.db.models.signals import post_migrate

from waxell.lib import observing
from waxell.lib.db.rights import grant_rights
from waxell.outbox import sources


class ExecutionsConfig(AppConfig):
    """The run: gate, lifecycle, workers."""

    name = "executions"
    verbose_name = "Executions"

    table_rights = {
        "executions_execution": "",
        "executions_heartbeat": "INSERT, UPDATE",
        "executions_simulation": "INSERT, UPDATE, DELETE",
        "executions_simulationpart": "INSERT, UPDATE, DELETE",
        "executions_simulationexample": "INSERT, DELETE",
    }
    app_functions = (
        "gate_snapshot_v1",
        "gate_append_v1",
        "gate_allow_v1",
        "execution_lock_v1",
        "execution_renew_v1",
        "execution_ended_v1",
        "execution_transition_v1",
        "addendum_append_v1",
        "execution_erase_v1",
    )

    def ready(self) -> None:
        post_migrate.connect(grant_rights, sender=self)
        from executions.queries import installation, notices, observations, traces

        observing.register_check("roles", installation.look_at_roles)
        observing.register_check("migrations", installation.look_at_migrations)
        observing.register_check("sweeper", installation.look_at_sweeper)
        observing.register_gauges("executions", observations.gauges)
        sources.register_topics(notices.TOPICS)
        sources.register_reader(notices.ENTRY_TYPES, notices.read)
        sources.register_tracer("execution.closed", traces.requests)
