"""Texts of calls: the JSON that goes in, and what comes out, JSON or a link."""

import json
from collections.abc import Mapping
from typing import Any

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass.errors import InternalError, InvalidArgument


def json_object(parameters: Mapping[str, Any]) -> str:
    """Parameters as the library reads them."""
    try:
        return json.dumps(parameters, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"parameters: can't be JSON: {error}", field="parameters") from None


def read(handle: Any) -> str:
    """What stands behind the handle, all of it."""
    given = LIB.gatepass_document_text(handle)
    if given is None or len(given) != LIB.gatepass_document_length(handle):
        raise InternalError("a document could not be read")
    return text(given)
