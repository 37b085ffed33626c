"""PostgreSQL refuses to run as root: how its programs run when Waxell does.

With user namespaces the program sees itself as an ordinary user while its files stay root's. Where they are
switched off, `setpriv` makes it `nobody` with the one capability that lets it reach into a private home.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from waxell.local.errors import CannotStart

INSIDE_ID = 1000
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """How to start a program without root's rights: words before its command, a call before exec, its files' owner."""

    prefix: tuple[str, ...] = ()
    enter: Callable[[], None] | None = None
    owner: tuple[int, int] | None = None

    def own(self, directory: Path) -> None:
        """Give `directory` and all in it to the id the program will have, if it is another's."""
        if self.owner is None or not directory.exists():
            return
        uid, gid = self.owner
        if directory.stat().st_uid == uid:
            return
        for parent, _, files in os.walk(directory):
            os.chown(parent, uid, gid)
            for name in files:
                os.chown(os.path.join(parent, name), uid, gid, follow_symlinks=False)


def choose() -> Lowering:
    """The way that works here; nothing at all for an ordinary user."""
    if os.geteuid() != 0:
        return Lowering()
    if _namespaces_work():
        return Lowering(enter=_enter_namespace, owner=(0, 0))
    return by_setpriv()


def by_setpriv() -> Lowering:
    program = shutil.which("setpriv")
    if program is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and neither user namespaces nor setpriv are to be had here: "
            "start Waxell as an ordinary user, or set DATABASE_URL."
        )
    nobody = pwd.getpwnam("nobody")
    reach = "-all,+dac_read_search"
    ids = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    caps = (f"--inh-caps={reach}", f"--ambient-caps={reach}")
    return Lowering(prefix=(program, *ids, *caps, "--pdeathsig=INT"), owner=(nobody.pw_uid, nobody.pw_gid))


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send `number` to this process when its parent dies, however it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _enter_namespace() -> None:
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_ID} 0 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_ID} 0 1")


def _namespaces_work() -> bool:
    if not hasattr(os, "unshare"):
        return False
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(OSError):
            _enter_namespace()
            status = 0
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0
