"""What can go wrong, in four classes. Nobody may be let in on any of them.

No message holds a token, a secret, an address or a session id, so exceptions may be logged.
"""

from datetime import timedelta
from typing import Optional

from gatepass.enums import Reason


class GatepassError(Exception):
    """Whatever the library said instead of an answer."""

    def __init__(self, message: str = "", *, code: str = "internal", number: int = 4001) -> None:
        super().__init__(message)
        #: A stable word for logs, such as ``token_redeemed``.
        self.code = code
        #: The number of the code in ``gatepass.h``.
        self.number = number


class Refused(GatepassError):
    """An expected "no": the request was understood and the answer is final."""

    def __init__(self, message: str = "", *, code: str = "internal", number: int = 4001) -> None:
        super().__init__(message, code=code, number=number)
        #: Why.
        self.reason = Reason(code)
        #: The audit event that recorded it, to be shown to a person as a reference number.
        self.reference: Optional[str] = None
        #: For a token that was redeemed before: the id that the first redemption was given.
        self.redemption: Optional[str] = None
        #: For a token that was redeemed before: the same person clicked twice.
        self.same_browser = False
        #: For a token that was redeemed before: this call ended the session of the first redemption.
        self.session_ended = False
        #: Advice to a caller who failed too often. Nobody who is right is ever held back by it.
        self.retry_after: Optional[timedelta] = None


class InvalidArgument(GatepassError, ValueError):
    """A value can't be used, and nothing was changed. A value of a wrong type is a ``TypeError`` instead."""

    def __init__(
        self, message: str = "", *, code: str = "invalid", number: int = 1001, field: str = ""
    ) -> None:
        super().__init__(message, code=code, number=number)
        #: The argument, parameter or setting that is wrong, such as ``client_id``.
        self.field = field


class GateClosed(InvalidArgument):
    """The gate was closed, by ``close`` or the end of its ``with``."""

    def __init__(self, message: str = "the gate is closed") -> None:
        super().__init__(message, code="invalid_handle", number=1003, field="store")


class StoreError(GatepassError):
    """The store could not answer. Treat it as "no"."""

    def __init__(self, message: str = "", *, code: str = "internal", number: int = 4001) -> None:
        super().__init__(message, code=code, number=number)
        #: Whether the same call may succeed a moment later without anybody's doing.
        self.retryable = False


class InternalError(GatepassError):
    """A fault of the library or of the system it runs on. Treat it as "no"."""
