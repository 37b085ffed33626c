"""Runs another program, named by the first word, with a client that does not wait for people."""

import runpy
import sys

from waxell_client import Client, configure

if __name__ == "__main__":
    configure(Client(on_hold="raise"))
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
