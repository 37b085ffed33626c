"""Who did something, as entries say it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person; or a key together with the person who answers for it; or a part of this system."""

    person: UUID | None = None
    key: str | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        if self.person is None and self.key is None and self.system is None:
            raise ValueError("Nobody did this.")

    def document(self) -> dict[str, object]:
        """Return the entry's `actor`: only what is known."""
        named = {"person": self.person and str(self.person), "key": self.key, "system": self.system}
        return {name: value for name, value in named.items() if value is not None}
