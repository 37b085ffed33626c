"""Templates only ask for icons that the sprite holds."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPRITE = (ROOT / "static/vendor/lucide/sprite.svg").read_text(encoding="utf-8")
ASKED = re.compile(r'(?:components/icon\.html" with name=|\bicon=)"([^"]+)"')


def test_icons_asked_for_are_in_the_sprite() -> None:
    held = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
    asked = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "templates").rglob("*.html")
        for name in ASKED.findall(path.read_text(encoding="utf-8"))
    }

    assert asked, "no template asks for an icon: the pattern no longer fits"
    assert {(path, name) for path, name in asked if name not in held} == set()
