"""An agent on plain REST: counts the lines of the Python files in a folder, asking before each act.

    WAXELL_URL=http://localhost:8000 WAXELL_KEY=wxk_… python examples/rest_agent.py [FOLDER]

It obeys: what is refused is left out, what is stopped stops it, what is held waits for a person.
"""

import os
import sys
from pathlib import Path

from asking import Execution, Refused, Stopped


def count_lines(execution: Execution, folder: Path) -> dict[str, int]:
    """Return the number of lines by file, without the files we may not read."""
    seq = execution.ask("tool.call", "files.list", {"folder": folder.name})
    files = sorted(folder.rglob("*.py"))
    execution.report(seq, {"files": len(files)})
    counts: dict[str, int] = {}
    for file in files:
        name = str(file.relative_to(folder))
        execution.keep_alive()
        try:
            seq = execution.ask("tool.call", "files.read", {"file": name})
        except Refused as refusal:
            print(f"left out {name}: {refusal}")
            continue
        try:
            counts[name] = len(file.read_text(errors="replace").splitlines())
        except OSError as error:
            execution.report(seq, {"error": error.strerror}, ok=False)
            continue
        execution.report(seq, {"lines": counts[name]})
    return counts


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    try:
        execution = Execution(os.environ["WAXELL_URL"], os.environ["WAXELL_KEY"], "count-lines")
        print(f"execution {execution.id}")
        counts = count_lines(execution, folder)
        record = execution.close(output={"files": len(counts), "lines": sum(counts.values())})["record"]
    except Stopped as stop:
        print(f"stopped: {stop}")
        return 3
    print(f"{sum(counts.values())} lines in {len(counts)} files; {record['entries']} entries, last {record['head']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
