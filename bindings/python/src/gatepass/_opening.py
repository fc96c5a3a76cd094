"""How a store is opened: by its path and options, the first time and again after each fork."""

import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref
from typing import Any, Optional, Union

from gatepass._abi import OptionsHandle
from gatepass._arguments import Duration, milliseconds, pair, utf8
from gatepass._library import LIB
from gatepass._masked import Masked
from gatepass.enums import MODES, Mode

Path = Union[str, os.PathLike[str]]


#: How the URL of a shared store begins.
URL = "mysql://"


def absolute(name: str, path: Path) -> bytes:
    """A path as it is meant now, for the program may go to another folder before it is used again; or a URL."""
    given = os.fspath(path)
    if not isinstance(given, str):
        raise TypeError(f"{name} must be a path of type str")
    if not given or "\0" in given or given.startswith(URL):
        # The library says what is wrong with it.
        return given.encode("utf-8", "surrogatepass")
    # Not os.path.abspath: it drops `link/..`, while the system goes where the link leads.
    return str(pathlib.Path(given).absolute()).encode("utf-8", "surrogatepass")


class Opening:
    """Path and options of a store."""

    def __init__(
        self,
        path: Path,
        *,
        deadline: Optional[Duration],
        sealing_key_file: Optional[Path],
        sealing_key: Optional[str],
        actor: Optional[str],
        kept: bool,
    ) -> None:
        # A URL may hold a password.
        self._path = Masked(absolute("path", path))
        self._deadline = None if deadline is None else milliseconds("deadline", deadline)
        self._file = None if sealing_key_file is None else absolute("sealing_key_file", sealing_key_file)
        self._key = Masked.of(utf8(sealing_key))
        self._actor = actor
        self._kept = kept

    @property
    def shown(self) -> str:
        """The path, or the URL without user, password and options."""
        place = self._path.reveal().decode(errors="replace")
        if not place.startswith(URL):
            return place
        return URL + place.removeprefix(URL).partition("?")[0].rpartition("@")[2]

    @contextmanager
    def _options(self) -> Iterator[Any]:
        options = OptionsHandle()
        LIB.gatepass_options_new(byref(options))
        try:
            if self._deadline is not None:
                LIB.gatepass_options_set_deadline_ms(options, self._deadline)
            LIB.gatepass_options_set_sealing_key_file(options, *pair(self._file))
            if self._key is not None:
                LIB.gatepass_options_set_sealing_key(options, *pair(self._key.reveal()))
            LIB.gatepass_options_set_actor(options, *pair(self._actor))
            yield options
        finally:
            LIB.gatepass_free(options)

    def open(self, out: Any) -> None:
        """Open the store that is there."""
        with self._options() as options:
            if self._kept:
                LIB.gatepass_store_open_kept(*pair(self._path.reveal()), options, out)
            else:
                LIB.gatepass_store_open(*pair(self._path.reveal()), options, out)

    def init(self, mode: Mode, system_url: str, group_writable: bool, out: Any) -> None:
        """Make the store and open it."""
        numbers = {word: number for number, word in MODES.items()}
        with self._options() as options:
            LIB.gatepass_store_init(
                *pair(self._path.reveal()),
                numbers.get(mode, 0),
                *pair(system_url),
                int(group_writable),
                options,
                out,
            )
