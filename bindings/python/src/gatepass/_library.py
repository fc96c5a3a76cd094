"""Finds the shared library and loads it, once.

Only the first copy that can be loaded is used, and one that the process has already goes before all others:
two copies would be two SQLites, each of which drops the other's locks.
"""

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gatepass import _abi

NAME = "libgatepass.dylib" if sys.platform == "darwin" else "libgatepass.so"
SONAME = "libgatepass.1.dylib" if sys.platform == "darwin" else "libgatepass.so.1"


def loaded_already() -> list[str]:
    """Where the copies lie that this process has loaded, as far as the system tells."""
    try:
        maps = Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    paths = [line.split(None, 5)[5] for line in maps if "/libgatepass." in line]
    return sorted({path for path in paths if Path(path).name.startswith(NAME)})


def candidates() -> Iterator[str]:
    """Where a library may be, the best place first."""
    chosen = os.environ.get("GATEPASS_LIBRARY")
    if chosen:
        # Whoever names one means that one.
        yield os.path.abspath(chosen)
        return
    package = Path(__file__).resolve().parent
    yield str(package / NAME)
    checkout = package.parents[3] if len(package.parents) > 3 else package
    if (checkout / "include" / "gatepass.h").exists():
        target = os.environ.get("CARGO_TARGET_DIR") or checkout / "target"
        yield str(checkout / target / "release" / NAME)
    yield SONAME
    found = ctypes.util.find_library("gatepass")
    if found and found != SONAME:
        yield found


def other_copy(path: str, loaded: list[str]) -> bool:
    """Whether the process has a library and this is another."""
    return bool(loaded) and not any(same_file(path, there) for there in loaded)


def same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def wrong_version(library: ctypes.CDLL) -> str:
    """What is wrong with the interface's version; empty if nothing is."""
    try:
        version, revision = library.gatepass_abi_version, library.gatepass_abi_revision
    except AttributeError:
        return "is no Gatepass library: it does not tell the version of its interface"
    version.argtypes = revision.argtypes = ()
    version.restype = revision.restype = ctypes.c_int32
    if version() != _abi.ABI_VERSION:
        return f"has version {version()} of the interface, this package needs {_abi.ABI_VERSION}"
    if revision() < _abi.ABI_REVISION:
        return f"has revision {revision()} of the interface, this package needs {_abi.ABI_REVISION}"
    return ""


def load() -> ctypes.CDLL:
    """The library, with its functions declared.

    Raises:
        ImportError: It names every place that was tried, and why each failed.
    """
    tried: list[str] = []
    loaded = loaded_already()
    # One after the other: to ask for the last one runs compilers.
    places = loaded if loaded and not os.environ.get("GATEPASS_LIBRARY") else candidates()
    for place in places:
        if other_copy(place, loaded):
            tried.append(f"{place}: another copy is loaded already: {', '.join(loaded)}")
            break
        try:
            library = ctypes.CDLL(place)
        except OSError as error:
            tried.append(f"{place}: {error}")
            continue
        wrong = wrong_version(library)
        if not wrong:
            try:
                _abi.declare(library)
            except AttributeError as error:
                wrong = f"lacks a function: {error}"
        if not wrong:
            return library
        tried.append(f"{place}: {wrong}")
        # It stays loaded, so no other may be.
        break
    lines = "".join(f"\n  {line}" for line in tried)
    raise ImportError(
        "Gatepass found no library that it can use; set GATEPASS_LIBRARY to the path of one. Tried:" + lines
    )


LIB = load()
