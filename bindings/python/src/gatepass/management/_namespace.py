"""What the namespaces of operations share: the call, and answers decoded by type hints."""

import dataclasses
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Generic, Protocol, TypeVar, Union

from gatepass import _time
from gatepass._record import SLOTS
from gatepass.errors import InternalError

T = TypeVar("T")

#: In a field's metadata: the word that answers have for it, where that is another.
WORD = "word"


class Calls(Protocol):
    """Whatever runs operations: the gate."""

    def call(self, operation: str, /, **parameters: Any) -> Any:
        """Run an operation by its name."""


class Namespace:
    """The operations of one noun."""

    __slots__ = ("_gate",)

    def __init__(self, gate: Calls) -> None:
        self._gate = gate

    def _ask(self, operation: str, **parameters: Any) -> Any:
        """Run an operation; a parameter that is None is left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._gate.call(operation, **given)


@dataclasses.dataclass(frozen=True, **SLOTS)
class Page(Generic[T]):
    """One page of a list, and how many there are in all."""

    #: How many match in all.
    total: int
    #: This page.
    items: tuple[T, ...]


def decode(hint: type[T], value: Any) -> T:
    """An answer as what the hint says. What a newer library adds to it is left out.

    Raises:
        InternalError: Something is missing, or is no such thing.
    """
    try:
        return typing.cast(T, _read(hint, value))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InternalError(f"an answer was not understood: {error!r}") from error


def decode_all(hint: type[T], values: Any) -> tuple[T, ...]:
    """A list of such answers."""
    return tuple(decode(hint, value) for value in decode(list, values))


def decode_page(hint: type[T], value: Any) -> "Page[T]":
    """A page of such answers."""
    page = decode(dict, value)
    return Page(total=decode(int, page.get("total")), items=decode_all(hint, page.get("items")))


@cache
def _fields(record: Any) -> tuple[tuple[str, str, Any], ...]:
    hints = typing.get_type_hints(record)
    fields = dataclasses.fields(record)
    return tuple((field.name, field.metadata.get(WORD, field.name), hints[field.name]) for field in fields)


def _record(record: Any, value: Any) -> Any:
    return record(**{name: _read(kind, value[word]) for name, word, kind in _fields(record)})


def _read(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is Union:
        return None if value is None else _read(inner[0], value)
    if origin is tuple:
        return tuple(_read(inner[0], item) for item in value)
    if origin is Mapping:
        return {key: _read(inner[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record(hint, value)
    if hint is datetime:
        return _time.read(value)
    if issubclass(hint, Enum):
        return hint(value)
    if not isinstance(value, hint):
        raise TypeError(f"{type(value).__name__} where {hint.__name__} was expected")
    return value
