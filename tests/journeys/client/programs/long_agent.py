"""Opens an execution, says which, and works until something ends it; how it is opened is the first argument."""

import asyncio
import os
import signal
import sys
import threading
import time

from waxell_client import execution

HOW = sys.argv[1]

# What a shell starts in the background ignores Ctrl-C, and so would this.
signal.signal(signal.SIGINT, signal.default_int_handler)


def wait() -> None:
    print("acting", flush=True)
    while True:
        time.sleep(0.05)


def blocking() -> None:
    with execution("errand") as ex:
        print(ex.id, flush=True)
        ex.tool("search")(wait)


async def in_loop() -> None:
    async with execution("errand") as ex:
        print(ex.id, flush=True)
        async with ex.tool("search"):
            print("acting", flush=True)
            await asyncio.sleep(600)


def in_thread() -> None:
    with execution("errand") as ex:
        print(ex.id, flush=True)
        print("acting", flush=True)
        while True:
            ex.tool("search")(lambda: time.sleep(0.05))


def held() -> None:
    with execution("errand") as ex:
        print(ex.id, flush=True)
        ex.tool("mail", {"to": "dave"})(wait)


match HOW:
    case "held":
        held()
    case "blocking":
        blocking()
    case "asyncio":
        asyncio.run(in_loop())
    case "left-open":
        print(execution("errand").start().id, flush=True)
    case "exit":
        with execution("errand") as opened:
            print(opened.id, flush=True)
            sys.exit(0)
    case "thread":
        from waxell_client import close_on_sigterm

        close_on_sigterm()
        worker = threading.Thread(target=in_thread)
        worker.start()
        worker.join()
    case "own-handler":
        heard = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: heard.set())
        with execution("errand") as opened:
            print(opened.id, flush=True)
            # Not pause(): the signal may come before it.
            heard.wait()
            print("mine", flush=True)
    case "fork":
        with execution("errand") as opened:
            print(opened.id, flush=True)
            if os.fork() == 0:
                sys.exit(0)
            os.wait()
            opened.tool("search")(lambda: None)
