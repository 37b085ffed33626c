"""Django's database work for asynchronous callers: in threads, few of them, each with a connection it keeps."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import anyio
from django.db import close_old_connections

MOST: Final = 8
_pool: Final = ThreadPoolExecutor(max_workers=MOST, thread_name_prefix="gateway")


async def run[T](work: Callable[[], T]) -> T:
    """Do `work` in a thread and return what it returns.

    Also where nobody waits any more it is waited for: what was decided must be known, to be settled.
    """
    done = asyncio.get_running_loop().run_in_executor(_pool, partial(_worked, work))
    with anyio.CancelScope(shield=True):
        await asyncio.wait((done,))
    return done.result()


def _worked[T](work: Callable[[], T]) -> T:
    # A connection that broke under the work before is replaced; a sound one is kept.
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
