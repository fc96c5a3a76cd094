"""Reads ``tests/scenario/scenario.txt`` and tells it to the library as a Python program would.

The words that fields and outcomes have there are those of the C ABI; `tests/scenario/README.md` says how the
file is read.
"""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import unquote_to_bytes

from gatepass import Caller, CreatedLink, Gate, GatepassError, Origin, Reason, TokenState
from gatepass._library import LIB
from gatepass.enums import ORIGINS, TOKEN_STATES

FILE = Path(__file__).parents[3] / "tests" / "scenario" / "scenario.txt"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NUMBERS = {"user_id", "client_id", "service_id", "domain_id", "uses"}
FLAGS = {"confirmed", "start_session", "end_siblings"}
BYTES = {"binding", "query", "timestamp", "hash"}


class Wrong(AssertionError):
    """A line came out otherwise than it says."""


def lines() -> Iterator[tuple[int, str]]:
    """Each line that says something, with its number."""
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line


class Runner:
    """The scenario, told to one gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.captured: dict[str, str] = {}
        self.callers: dict[str, Caller] = {}

    def run(self, line: str) -> None:
        """One line. Wrong if it comes out otherwise."""
        did, _, expected = line.partition(" -> ")
        answer, error = self.do(did)
        outcome, _, rest = expected.partition(" ")
        told = "ok" if error is None else error.code
        if told != outcome:
            raise Wrong(f"{line}\n  came out as {told}: {error}")
        for good, what in self.conditions(did, rest, answer, error):
            if not good:
                raise Wrong(f"{line}\n  {what} does not hold of {answer!r} {error!r}")

    def do(self, did: str) -> tuple[Any, Optional[GatepassError]]:
        verb, _, rest = did.partition(" ")
        if verb == "call":
            operation, _, parameters = self.substituted(rest).partition(" ")
            return self.tried(lambda: self.gate.call(operation, **json.loads(parameters)))
        if verb == "wait":
            time.sleep(int(rest) / 1000)
            return None, None
        fields = {}
        for word in rest.split():
            name, _, given = self.substituted(word).partition("=")
            fields[name] = self.value(name, given)
        captured_as = fields.pop("as", None)
        answer, error = self.tried(lambda: getattr(self, verb)(fields))
        if error is None and captured_as is not None:
            self.capture(str(captured_as), answer)
        return answer, error

    def tried(self, act: Callable[[], Any]) -> tuple[Any, Optional[GatepassError]]:
        try:
            return act(), None
        except GatepassError as error:
            return None, error

    def value(self, name: str, given: str) -> Any:
        repeated = re.fullmatch(r"repeat:(.):(\d+)", given)
        if repeated:
            given = repeated[1] * int(repeated[2])
        plain = unquote_to_bytes(given) if "%" in given else given.encode("utf-8", "surrogateescape")
        if name in NUMBERS:
            return int(plain)
        if name in FLAGS:
            return plain == b"1"
        if name in BYTES:
            return plain
        return plain.decode("utf-8", "surrogateescape")

    def substituted(self, text: str) -> str:
        return re.sub(r"\$([A-Za-z0-9_]+)", lambda found: self.captured[found[1]], text)

    def capture(self, name: str, answer: Any) -> None:
        if isinstance(answer, Caller):
            self.callers[name] = answer
        elif isinstance(answer, str):
            self.captured[name] = answer.partition("?")[2]
        elif isinstance(answer, CreatedLink):
            self.captured[name] = answer.link
            self.captured[f"{name}_reference"] = answer.reference
        elif hasattr(answer, "token"):
            self.captured[name] = answer.token
        else:
            self.captured[f"{name}_redemption"] = answer.redemption
            self.captured[f"{name}_session"] = answer.session or ""

    # The verbs.

    def authenticate(self, fields: dict[str, Any]) -> Caller:
        return self.gate.authenticate(**fields)

    def issue(self, fields: dict[str, Any]) -> Any:
        return self.gate.issue(**self.asking(fields))

    def link_create(self, fields: dict[str, Any]) -> Any:
        return self.gate.create_link(**self.asking(fields))

    def link_open(self, fields: dict[str, Any]) -> Any:
        return self.gate.open_link(**fields)

    def asking(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "caller" in fields:
            fields["caller"] = self.callers[fields["caller"]]
        if "life_ms" in fields:
            fields["life"] = timedelta(milliseconds=int(fields.pop("life_ms")))
        return fields

    def redeem(self, fields: dict[str, Any]) -> Any:
        return self.gate.redeem(**fields)

    def inspect(self, fields: dict[str, Any]) -> Any:
        return self.gate.inspect(**fields)

    def session_check(self, fields: dict[str, Any]) -> Any:
        return self.gate.check_session(**fields)

    def session_end(self, fields: dict[str, Any]) -> None:
        self.gate.end_session(**fields)

    def sign(self, fields: dict[str, Any]) -> str:
        return self.gate.sign_autoauth(**fields)

    def accept(self, fields: dict[str, Any]) -> Any:
        if "email" in fields:
            fields["email"] = fields["email"].encode("utf-8", "surrogateescape")
        return self.gate.accept_autoauth(**fields)

    # What must come out.

    def conditions(
        self, did: str, rest: str, answer: Any, error: Optional[GatepassError]
    ) -> Iterator[tuple[bool, str]]:
        if did.startswith("call ") and error is None:
            document = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
            for condition in re.split(r" (?=(?:contains|lacks|capture) )", rest) if rest else []:
                yield self.holds_of(document, condition), condition
            return
        for word in rest.split():
            name, _, wanted = self.substituted(word).partition("=")
            if error is not None:
                yield told(getattr(error, name)) == wanted, word
            else:
                given = getter(answer, name)
                if wanted in ("*", "-"):
                    yield (given in ("", "0")) == (wanted == "-"), word
                else:
                    yield given == unquote_to_bytes(wanted).decode(), word

    def holds_of(self, document: str, condition: str) -> bool:
        kind, _, text = condition.partition(" ")
        if kind == "capture":
            name, _, mark = text.partition(" ")
            self.captured[name] = document.split(mark, 1)[1].split('"', 1)[0]
            return True
        found = self.substituted(text) in document
        return found if kind == "contains" else not found


def getter(answer: Any, name: str) -> str:
    """What the C ABI's getter of that name would say."""
    if name.endswith("_count"):
        return str(len(getattr(answer, name[: -len("_count")])))
    if name == "text":
        name = "link"
    value = getattr(answer, name[:-3] if name.endswith("_ms") else name)
    return "0" if name == "refusal" and value is None else told(value)


def told(value: Any) -> str:
    """A value of Python as the C ABI has it."""
    if isinstance(value, TokenState):
        return str({word: number for number, word in TOKEN_STATES.items()}[value])
    if isinstance(value, Origin):
        return str({word: number for number, word in ORIGINS.items()}[value])
    if isinstance(value, Reason):
        return str(
            {
                LIB.gatepass_code_name(code).decode(): code
                for code in range(2001, 3000)
                if LIB.gatepass_code_name(code)
            }[value.value]
        )
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(milliseconds=1))
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)
