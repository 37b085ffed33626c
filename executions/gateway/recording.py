"""What a record keeps of a result."""

from typing import Any, Final

from waxell.lib import canonical

MOST_KEPT: Final = 256 << 10


def recordable(value: Any) -> Any:
    """Return the value where it can be kept whole; else what it was, without it."""
    try:
        content = canonical.encode(value)
    except canonical.NotCanonical:
        return {"omitted": "It has no canonical form."}
    if len(content) > MOST_KEPT:
        return {"omitted": "It is too large.", "bytes": len(content), "digest": canonical.digest(content)}
    return value
