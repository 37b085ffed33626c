"""The agent of `rest_agent.py` with the client: counts the lines of the Python files in a folder.

    WAXELL_URL=http://localhost:8000 WAXELL_API_KEY=wxk_… python examples/client_agent.py [FOLDER]

What is refused is left out, what is stopped stops it, what is held waits for a person; heartbeats, retries
and the closing are the client's.
"""

import sys
from pathlib import Path

from waxell_client import Refused, Stopped, execution, governed_tool


@governed_tool(name="files.list", told=lambda folder: {"folder": folder.name})
def list_files(folder: Path) -> list[str]:
    """Return the Python files below a folder, relative to it."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.py"))


@governed_tool(name="files.read", told=lambda folder, file: {"file": file})
def count_lines(folder: Path, file: str) -> int:
    """Return the number of lines of one file."""
    return len((folder / file).read_text(errors="replace").splitlines())


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    counts: dict[str, int] = {}
    try:
        with execution("count-lines") as ex:
            print(f"execution {ex.id}")
            for file in list_files(folder):
                try:
                    counts[file] = count_lines(folder, file)
                except Refused as refusal:
                    print(f"left out {file}: {refusal}")
            ex.output = {"files": len(counts), "lines": sum(counts.values())}
    except Stopped as stop:
        print(f"stopped: {stop}")
        return 3
    print(f"{sum(counts.values())} lines in {len(counts)} files; {ex.record}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
