"""The web server's address: is it free, does it answer?"""

import errno
import http.client
import os
import socket

from waxell.local.errors import CannotStart

HOST = "127.0.0.1"


def chosen_port() -> int:
    """PORT from the environment, 8000 without it; 0 takes a free one. Raises CannotStart for anything else."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or int(text) > 65535:
        raise CannotStart(f"PORT is {text!r}: it must be a number from 1 to 65535, or 0 for any free port.")
    return _free_port() if int(text) == 0 else int(text)


def gateway_port(port: int) -> int:
    """WAXELL_MCP_PORT from the environment; without it the port after the console's, or any where that is taken.

    Raises CannotStart for a text that is no port.
    """
    text = os.environ.get("WAXELL_MCP_PORT", "")
    if text and (not text.isdecimal() or int(text) > 65535):
        raise CannotStart(f"WAXELL_MCP_PORT is {text!r}: it must be a number from 1 to 65535.")
    if text and int(text):
        return int(text)
    try:
        require_free(port + 1)
    except (CannotStart, OverflowError):
        return _free_port()
    return port + 1


def require_free(port: int, host: str = HOST) -> None:
    """Raise CannotStart if somebody else listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CannotStart(f"Port {port} {why}: choose another one, for example PORT={port + 1} make run.") from None


def answers(port: int, host: str = HOST) -> bool:
    """Does our web server answer at /healthz?"""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
