"""A text that a call gave: JSON, or a link."""

from typing import Any

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass.errors import InternalError


def read(handle: Any) -> str:
    """What stands behind the handle, all of it."""
    given = LIB.gatepass_document_text(handle)
    if given is None or len(given) != LIB.gatepass_document_length(handle):
        raise InternalError("a document could not be read")
    return text(given)
