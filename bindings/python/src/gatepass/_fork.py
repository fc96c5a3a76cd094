"""What happens to open stores when the process is forked.

SQLite's locks do not come along into a child, so a child of an open store could never work with it. Therefore
every open store is closed before ``os.fork``, behind the last call of other threads, and both sides open it
again when they next use it. Calls that begin meanwhile wait until the fork is over.
"""

import os
import threading
import weakref
from time import monotonic
from typing import Optional, Protocol

from gatepass._library import LIB

#: How long a fork waits, in seconds, for calls of other threads. A call that takes longer, such as a backup of
#: a large store, goes on in the parent; then the child is answered ``forked`` instead of working without locks.
LONGEST_WAIT = 10.0


class Forkable(Protocol):
    """What has to be closed before a fork."""

    def prepare_fork(self, until: float) -> None:
        """Close, waiting for other threads until that time of ``monotonic`` at most."""

    def forget_other_threads(self) -> None:
        """In the child: there are no others any more."""


_stores: dict[int, "weakref.ref[Forkable]"] = {}
_lock = threading.RLock()
_over = threading.Event()
_over.set()
_forking: Optional[int] = None
# A signal handler may fork while its own thread is about to fork.
_depth = 0


def register(store: Forkable) -> None:
    """Close this store before every fork, for as long as it lives."""
    key = id(store)
    _stores[key] = weakref.ref(store, lambda _gone: _stores.pop(key, None))


def under_way() -> bool:
    """Whether another thread is forking."""
    return _forking is not None and _forking != threading.get_ident()


def wait_until_over() -> None:
    """Wait for the end of a fork that is under way."""
    _over.wait()


def _alive() -> list[Forkable]:
    return [store for store in [reference() for reference in list(_stores.values())] if store is not None]


def _before() -> None:
    global _forking, _depth
    _lock.acquire()
    _depth += 1
    _forking = threading.get_ident()
    _over.clear()
    until = monotonic() + LONGEST_WAIT
    for store in _alive():
        store.prepare_fork(until)
    # What the library keeps open behind gates that were closed.
    LIB.gatepass_store_close_kept()


def _after_in_parent() -> None:
    global _forking, _depth
    if _depth == 0:
        return
    _depth -= 1
    if _depth == 0:
        _forking = None
        _over.set()
    _lock.release()


def _after_in_child() -> None:
    global _forking, _depth, _lock, _over
    # Whatever other threads held is held for ever.
    _lock = threading.RLock()
    _over = threading.Event()
    _depth = max(_depth - 1, 0)
    for _ in range(_depth):
        _lock.acquire()
    if _depth == 0:
        _forking = None
        _over.set()
    for store in _alive():
        store.forget_other_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
