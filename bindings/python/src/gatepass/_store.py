"""An open store: opened when it is first used, closed before a fork, shared by threads.

Nothing here waits for a lock while another thread works: the dictionary of who is inside is what a fork looks
at, and entering it takes no lock. That keeps a signal handler that forks in the middle of a call from waiting
for its own thread.
"""

import os
import threading
import time
from ctypes import byref
from typing import Any, Callable, Optional, TypeVar, Union

from gatepass import _fork
from gatepass._abi import StoreHandle
from gatepass._library import LIB
from gatepass.errors import GateClosed, InvalidArgument, StoreError

T = TypeVar("T")

# What the library says of a handle from before a fork, or of the NULL that is left of one.
STALE = frozenset({"null_argument", "invalid_handle", "wrong_handle", "forked"})


class Open:
    """One opening of a store. Handles that were made under it are of no use under another."""

    __slots__ = ("handle", "process")

    def __init__(self) -> None:
        # C writes the handle straight into it, so that a signal handler finds it as soon as it is there.
        self.handle = StoreHandle()
        self.process = os.getpid()

    def close(self) -> None:
        """Close it, if it is open."""
        handle, self.handle = self.handle, StoreHandle()
        if handle:
            LIB.gatepass_store_close(handle)


class Store:
    """A store as a gate holds it."""

    def __init__(self, first: Callable[[Any], None], again: Callable[[Any], None]) -> None:
        """Opened by ``first`` now, and by ``again`` after each fork."""
        self._again = again
        self._current: Optional[Open] = None
        self._closed = False
        # By a key of each call's own, the thread that makes it.
        self._inside: dict[object, int] = {}
        self.lock = threading.RLock()
        _fork.register(self)
        while not self._open(first):
            _fork.wait_until_over()

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._closed

    @property
    def is_open(self) -> bool:
        """Whether it is open at this moment; after a fork it is not until it is used."""
        current = self._current
        return current is not None and bool(current.handle)

    def run(self, act: Callable[[Open], T]) -> T:
        """Do something with the open store."""
        key = object()
        while True:
            opened = self._enter(key)
            try:
                answer = act(opened)
            except (InvalidArgument, StoreError) as error:
                # The library refuses such a handle before it does anything, so the act may be tried again.
                if self._current is opened or error.code not in STALE or not _handle_is_meant(error):
                    raise
                if self._closed:
                    raise GateClosed() from None
                continue
            finally:
                self._inside.pop(key, None)
            if opened.process != os.getpid():
                # A signal handler forked in the middle, and this is the child: the answer is the parent's.
                raise StoreError("the process was forked during the call", code="forked", number=3010)
            return answer

    def _enter(self, key: object) -> Open:
        while True:
            # First the entry, then the look: a fork does it the other way round, so one sees the other.
            self._inside[key] = threading.get_ident()
            if _fork.under_way() and not self._inside_already(key):
                del self._inside[key]
                _fork.wait_until_over()
                continue
            if self._closed:
                del self._inside[key]
                raise GateClosed()
            current = self._current
            if current is not None and current.handle:
                return current
            # Whoever waits for the lock is not inside.
            del self._inside[key]
            with self.lock:
                self._open(self._again)

    def _inside_already(self, key: object) -> bool:
        """Whether a finalizer or signal handler came in the middle of a call, which the fork waits for."""
        own = threading.get_ident()
        return any(thread == own and other is not key for other, thread in list(self._inside.items()))

    def _open(self, how: Callable[[Any], None]) -> bool:
        """Open it, unless it is open or closed for good. False while another thread forks."""
        key = object()
        self._inside[key] = threading.get_ident()
        try:
            if _fork.under_way() and not self._inside_already(key):
                return False
            if self._closed or self.is_open:
                return True
            opened = Open()
            # Set before it is opened: a fork from a signal handler must find it.
            self._current = opened
            how(byref(opened.handle))
            return True
        finally:
            self._inside.pop(key, None)

    def close(self) -> None:
        """Close it for good. Calls of other threads end as usual. A second time does nothing."""
        with self.lock:
            self._closed = True
            current, self._current = self._current, None
        if current is not None:
            current.close()

    def prepare_fork(self, until: float) -> None:
        """Close it behind the last call of another thread; this thread's own can't be waited for."""
        own = threading.get_ident()
        while any(thread != own for thread in list(self._inside.values())) and time.monotonic() < until:
            time.sleep(0.0005)
        current, self._current = self._current, None
        if current is not None:
            current.close()

    def forget_other_threads(self) -> None:
        """In the child: a lock that another thread held would be held for ever."""
        own = threading.get_ident()
        self.lock = threading.RLock()
        self._inside = {key: thread for key, thread in self._inside.items() if thread == own}


def _handle_is_meant(error: Union[InvalidArgument, StoreError]) -> bool:
    return isinstance(error, StoreError) or error.field in ("store", "caller", "request")
