"""What comes in from a Python program: types are checked first, then values become what C takes."""

import functools
import math
import typing
from datetime import datetime, timedelta, timezone
from inspect import signature
from typing import Any, Callable, Optional, TypeVar, Union, cast

from gatepass.errors import InvalidArgument

F = TypeVar("F", bound=Callable[..., Any])
Accepts = Callable[[object], bool]

#: Text, or bytes as they came.
Bytes = Union[str, bytes]

#: A length of time: a timedelta, or seconds.
Duration = Union[timedelta, int, float]

LARGEST = 2**63 - 1


def checked(function: F) -> F:
    """Refuse a value of a wrong type by a TypeError that names the argument, before anything is done."""
    names = list(signature(function).parameters)
    accepts: dict[str, Accepts] = {}
    usual: set[tuple[str, type]] = set()
    wanted: dict[str, str] = {}

    def check(name: str, value: object) -> None:
        good = accepts.get(name)
        if good is not None and not good(value):
            raise TypeError(f"{name} must be {wanted[name]}, not {type(value).__name__}")

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        if not accepts:
            hints = typing.get_type_hints(function)
            hints.pop("return", None)
            wanted.update({name: describe(hint) for name, hint in hints.items()})
            usual.update((name, kind) for name, hint in hints.items() for kind in classes(hint))
            accepts.update({name: acceptor(hint) for name, hint in hints.items()})
        # Nearly all values are of the very classes asked for: no more than a look-up.
        for name, value in zip(names, arguments):
            if (name, type(value)) not in usual:
                check(name, value)
        for name, value in named.items():
            if (name, type(value)) not in usual:
                check(name, value)
        return function(*arguments, **named)

    return cast(F, run)


def acceptor(hint: Any) -> Accepts:
    """Whether a value has that type. A bool is no number here."""
    if hint is Any:
        return lambda value: True
    kinds = classes(hint)
    if int in kinds and bool not in kinds:
        return lambda value: isinstance(value, kinds) and not isinstance(value, bool)
    return lambda value: isinstance(value, kinds)


def classes(hint: Any) -> tuple[type, ...]:
    """The classes that a type stands for, in one tuple: that is what every argument of every call meets."""
    origin = typing.get_origin(hint)
    if origin is Union:
        return tuple(kind for option in typing.get_args(hint) for kind in classes(option))
    return (origin or hint,)


def describe(hint: Any) -> str:
    """A type in words."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union:
        return " or ".join(describe(option) for option in inner)
    if hint is type(None):
        return "None"
    return getattr(origin or hint, "__name__", str(hint))


def utf8(value: Union[str, bytes, None]) -> Optional[bytes]:
    """A text as bytes. One that is no Unicode is passed on, for the library to say which it is."""
    if isinstance(value, str):
        return str.encode(value, "utf-8", "surrogatepass")
    return value


def pair(value: Union[str, bytes, None]) -> tuple[Optional[bytes], int]:
    """A text as C takes it: pointer and length."""
    given = utf8(value)
    # The length that C may rely on, whatever a class derived from bytes says.
    return (None, 0) if given is None else (given, bytes.__len__(given))


def whole(name: str, value: int) -> int:
    """A number that C can hold; ctypes would cut off what does not fit."""
    if not -LARGEST - 1 <= value <= LARGEST:
        raise InvalidArgument(f"{name}: does not fit into 64 bits", field=name)
    return value


def identity(name: str, value: int) -> int:
    """The number of a user, client, service or domain. 0 would stand for none."""
    if value == 0:
        raise InvalidArgument(f"{name}: must be a positive integer", field=name)
    return whole(name, value)


def milliseconds(name: str, value: Duration) -> int:
    """A length of time in whole milliseconds."""
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArgument(f"{name}: must be a length of time", field=name)
        return whole(name, round(value * 1000))
    return whole(name, value * 1000)


def life(name: str, value: Duration) -> int:
    """The life of a token or link. 0 would stand for the usual one."""
    length = milliseconds(name, value)
    if length == 0:
        raise InvalidArgument(f"{name}: must be at least one millisecond", field=name)
    return length


def whole_seconds(name: str, value: Duration) -> int:
    """A length of time in whole seconds, as operations take it."""
    if isinstance(value, int):
        return whole(name, value)
    length = milliseconds(name, value)
    if length % 1000:
        raise InvalidArgument(f"{name}: must be whole seconds", field=name)
    return length // 1000


def rfc3339(name: str, value: Optional[datetime]) -> Optional[str]:
    """A time as operations take it. One without a zone could mean anything."""
    if value is None:
        return None
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidArgument(f"{name}: must have a time zone, such as timezone.utc", field=name)
    try:
        moment = value.astimezone(timezone.utc)
    except OverflowError:
        raise InvalidArgument(f"{name}: lies outside of what a datetime can say", field=name) from None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
