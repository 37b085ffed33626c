"""What is worth telling: the apps above say which entries of the ledger, and what time alone makes due.

Registered in `AppConfig.ready`; the outbox itself knows no entry but by its type.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from waxell.outbox.domain.events import EntrySeen, Event

type Reader = Callable[[EntrySeen], Event | None]
type Reminder = Callable[[Iterable[UUID]], Iterable[Event]]
type Tracer = Callable[[UUID, UUID], Sequence[bytes]]

_topics: Final[dict[str, str]] = {}
_readers: Final[dict[str, Reader]] = {}
_reminders: Final[dict[str, Reminder]] = {}
_tracers: Final[dict[str, Tracer]] = {}


def register_topics(topics: Mapping[str, str]) -> None:
    """Add types of events that a destination can ask for, each with the words that people choose it by."""
    _topics.update(topics)


def register_reader(types: Iterable[str], read: Reader) -> None:
    """Let `read` turn entries of these types into events, None where one is not worth telling."""
    _readers.update(dict.fromkeys(types, read))


def register_reminder(name: str, look: Reminder) -> None:
    """Let `look` find what time has made due in some projects. It may tell the same event each time it is asked."""
    _reminders[name] = look


def register_tracer(closing_type: str, trace: Tracer) -> None:
    """Let `trace` turn a record that ends with an entry of this type into OTLP requests, by project and stream."""
    _tracers[closing_type] = trace


def topics() -> Mapping[str, str]:
    """Return every type of event by name, with its words."""
    return dict(_topics)


def entry_types() -> list[str]:
    return sorted({*_readers, *_tracers})


def closes_record(entry: EntrySeen) -> bool:
    """Tell whether a record that can be told as a trace ends here."""
    return entry.type in _tracers


def traced(closing_type: str, project: UUID, stream: UUID) -> Sequence[bytes]:
    """Return the bodies of the OTLP requests that tell of a record."""
    return _tracers[closing_type](project, stream)


def read(entry: EntrySeen) -> Event | None:
    """Return the event that an entry is, None where nobody needs to be told."""
    look = _readers.get(entry.type)
    return look(entry) if look is not None else None


def due(projects: Iterable[UUID]) -> Iterable[Event]:
    """Yield what time has made due in these projects."""
    wanted = list(projects)
    for look in _reminders.values():
        yield from look(wanted)
