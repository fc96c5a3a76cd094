"""The one place that turns a code of the C ABI into an exception."""

from ctypes import CDLL
from datetime import timedelta
from typing import Any, Callable

from gatepass.enums import Reason
from gatepass.errors import GatepassError, InternalError, InvalidArgument, Refused, StoreError

# By the numbers of gatepass_class. What a later release adds beside them is nobody's "yes".
CLASSES: dict[int, type[GatepassError]] = {1: InvalidArgument, 2: Refused, 3: StoreError, 4: InternalError}

# What can be wrong with an AutoAuth link, which is its sender's doing and not the program's.
LINK_FIELDS = frozenset({"query", "email", "timestamp", "hash", "goto"})

ErrCheck = Callable[[int, Any, tuple[Any, ...]], int]


def text(given: Any) -> str:
    """The text that the library gave; empty for none."""
    return given.decode() if given else ""


def raiser(library: CDLL) -> ErrCheck:
    """What ctypes calls with each code: 0 passes, everything else is raised."""

    def check(code: int, _function: Any, _arguments: tuple[Any, ...]) -> int:
        if code:
            raise exception(library, code)
        return code

    return check


def link_refused(library: CDLL, code: int) -> None:
    """Raise a code of a verification, unless it says that the AutoAuth link is no good."""
    if CLASSES.get(library.gatepass_code_class(code)) is not Refused:
        error = exception(library, code)
        if not (isinstance(error, InvalidArgument) and error.field in LINK_FIELDS):
            raise error


def exception(library: CDLL, code: int) -> GatepassError:
    """The exception for a code that the last call of this thread returned."""
    message = text(library.gatepass_last_error())
    field = text(library.gatepass_last_error_field())
    reference = text(library.gatepass_last_error_reference())
    redemption = text(library.gatepass_last_error_redemption())
    same_browser = bool(library.gatepass_last_error_same_browser())
    session_ended = bool(library.gatepass_last_error_session_ended())
    retry_after = library.gatepass_last_error_retry_after_ms()
    # A signal handler or a finalizer that ran in between may have called the library: then what was read
    # may belong to its call, and only the code is certain.
    certain = library.gatepass_last_error_code() == code

    name = text(library.gatepass_code_name(code)) or f"code_{code}"
    kind = CLASSES.get(library.gatepass_code_class(code), InternalError)
    if not (certain and message):
        message = text(library.gatepass_code_message(code)) or name
    error = kind(message, code=name, number=code)
    if isinstance(error, InvalidArgument) and certain:
        error.field = field
    elif isinstance(error, StoreError):
        error.retryable = bool(library.gatepass_code_retryable(code))
    elif isinstance(error, Refused):
        error.reason = Reason(name)
        if certain:
            error.reference = reference or None
            error.redemption = redemption or None
            error.same_browser = same_browser
            error.session_ended = session_ended
            error.retry_after = timedelta(milliseconds=retry_after) if retry_after else None
    return error
