"""A request of the C ABI, built from the arguments of an act."""

from ctypes import byref
from typing import Any, Callable

from gatepass import _arguments
from gatepass._abi import RequestHandle
from gatepass._library import LIB

Values = tuple[Any, ...]


def _text(_name: str, value: Any) -> Values:
    return _arguments.pair(value)


def _id(name: str, value: Any) -> Values:
    return (_arguments.identity(name, value),)


def _life(name: str, value: Any) -> Values:
    return (_arguments.life(name, value),)


def _number(name: str, value: Any) -> Values:
    return (_arguments.whole(name, value),)


def _flag(_name: str, value: Any) -> Values:
    return (int(value),)


# Each field: the function that sets it, and how its value is passed.
SETTERS: dict[str, tuple[Any, Callable[[str, Any], Values]]] = {
    "user_id": (LIB.gatepass_request_set_user_id, _id),
    "client_id": (LIB.gatepass_request_set_client_id, _id),
    "destination": (LIB.gatepass_request_set_destination, _text),
    "service_id": (LIB.gatepass_request_set_service_id, _id),
    "domain_id": (LIB.gatepass_request_set_domain_id, _id),
    "redirect_path": (LIB.gatepass_request_set_redirect_path, _text),
    "life": (LIB.gatepass_request_set_life_ms, _life),
    "binding": (LIB.gatepass_request_set_binding, _text),
    "actor": (LIB.gatepass_request_set_actor, _text),
    "address": (LIB.gatepass_request_set_address, _text),
    "token": (LIB.gatepass_request_set_token, _text),
    "session": (LIB.gatepass_request_set_session, _text),
    "confirmed": (LIB.gatepass_request_set_confirmed, _flag),
    "start_session": (LIB.gatepass_request_set_start_session, _flag),
    "query": (LIB.gatepass_request_set_query, _text),
    "email": (LIB.gatepass_request_set_email, _text),
    "timestamp": (LIB.gatepass_request_set_timestamp, _text),
    "hash": (LIB.gatepass_request_set_hash, _text),
    "goto": (LIB.gatepass_request_set_goto, _text),
    "key": (LIB.gatepass_request_set_key, _text),
    "key_label": (LIB.gatepass_request_set_key_label, _text),
    "link": (LIB.gatepass_request_set_link, _text),
    "uses": (LIB.gatepass_request_set_uses, _number),
    "label": (LIB.gatepass_request_set_label, _text),
    "title": (LIB.gatepass_request_set_title, _text),
    "end_siblings": (LIB.gatepass_request_set_end_siblings, _flag),
}


# What the library takes for true where it is not set: one call less for almost every request.
TRUE_UNLESS_SET = frozenset({"confirmed", "start_session"})


class Fields:
    """The fields of a request, converted; a request is made of them for each try."""

    __slots__ = ("_set",)

    def __init__(self, **fields: Any) -> None:
        """None leaves a field out."""
        self._set: list[tuple[Any, Values]] = []
        for name, value in fields.items():
            if value is None or (value is True and name in TRUE_UNLESS_SET):
                continue
            setter, values = SETTERS[name]
            self._set.append((setter, values(name, value)))

    def make(self) -> Any:
        """A request with these fields. Whoever gets it frees it."""
        request = RequestHandle()
        LIB.gatepass_request_new(byref(request))
        try:
            for setter, values in self._set:
                setter(request, *values)
        except BaseException:
            LIB.gatepass_free(request)
            raise
        return request
