"""The witness's command: `init` makes one, `serve` lets it work, `show` says what it knows."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from waxell.ledger.domain import witnessing
from waxell.ledger.domain.notes import MalformedKey
from waxell.ledger.domain.witnessing import KnownLogs
from waxell.ledger.witness.server import WitnessServer
from waxell.ledger.witness.store import StoreUnusable, WitnessStore
from waxell.ledger.witness.witness import Witness

logger = logging.getLogger(__name__)

PORT: Final = 8765

type Say = Callable[[str], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words on any parser."""
    actions = parser.add_subparsers(dest="action", required=True)
    init = actions.add_parser("init", help="make a witness in a directory: its key and its memory")
    init.add_argument("directory", type=Path)
    init.add_argument("--name", required=True, help="how its cosignatures call it, e.g. witness.example.org")
    serve = actions.add_parser("serve", help="answer until SIGTERM")
    serve.add_argument("directory", type=Path)
    serve.add_argument(
        "--log", action="append", required=True, metavar="KEY", help="a log's key, or a file with keys, one a line"
    )
    serve.add_argument("--bind", default="127.0.0.1", help="the address to listen on")
    serve.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    show = actions.add_parser("show", help="print the witness's key and what it cosigned last")
    show.add_argument("directory", type=Path)


def run(options: argparse.Namespace, say: Say) -> None:
    """Do what was asked for. Raises StoreUnusable, MalformedKey, OSError."""
    if options.action == "init":
        say(str(WitnessStore.create(options.directory, name=options.name).key().verifier))
    elif options.action == "show":
        _show(WitnessStore(path=options.directory), say)
    else:
        serve(options.directory, keys=options.log, address=(options.bind, options.port), say=say)


def serve(directory: Path, *, keys: list[str], address: tuple[str, int], say: Say) -> None:
    """Answer at `address` until SIGTERM or SIGINT, following the logs of `keys`, texts or files."""
    store = WitnessStore(path=directory)
    key = store.key()
    logs = KnownLogs(keys=witnessing.read_keys(_texts(keys)))
    if not logs.keys:
        raise MalformedKey("--log names no key.")
    # Held as long as the process lives.
    store.lock()
    server = WitnessServer(address, Witness(key=key, store=store, logs=logs))

    def stop(number: int, frame: FrameType | None) -> None:
        # Waiting in the thread that serves would wait for itself.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host, port = server.server_address[:2]
    say(f"{key.verifier}\nlistening at http://{host!s}:{port}, following {', '.join(_names(logs))}")
    try:
        server.serve_forever()
    finally:
        server.server_close()


def main(arguments: list[str] | None = None) -> int:
    """Run as a program of its own and return its exit status."""
    logging.basicConfig(level=logging.INFO, format="{asctime} {levelname:<7} {name}: {message}", style="{")
    parser = argparse.ArgumentParser(prog="waxell-witness", description=__doc__)
    add_arguments(parser)
    try:
        run(parser.parse_args(arguments), _say)
    except (StoreUnusable, MalformedKey, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _show(store: WitnessStore, say: Say) -> None:
    say(str(store.key().verifier))
    for note in store.all_notes():
        say(f"\n{note}")


def _names(logs: KnownLogs) -> list[str]:
    return sorted({key.name for key in logs.keys})


def _texts(given: list[str]) -> list[str]:
    return [Path(one).read_text() if Path(one).is_file() else one for one in given]
