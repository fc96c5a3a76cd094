"""The package has all of the library, and nothing else."""

import ast
import ctypes
import inspect
import re
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import gatepass
import header
from gatepass import Gate, Mode, Origin, Reason, TokenState, _abi, _web, enums
from gatepass._library import LIB
from gatepass._outcome import CLASSES, exception
from gatepass._web import WebRequest
from gatepass.errors import InternalError, InvalidArgument, Refused, StoreError

SOURCES = Path(gatepass.__file__).parent
# Declared, and left to others.
NOT_USED = {"gatepass_code_at": "only these tests ask for every code"}

HANDLES: dict[str, Any] = {
    "gatepass_options": _abi.Options,
    "gatepass_store": _abi.Store,
    "gatepass_caller": _abi.Caller,
    "gatepass_request": _abi.Request,
    "gatepass_issued": _abi.Issued,
    "gatepass_sign_in": _abi.SignIn,
    "gatepass_inspection": _abi.Inspection,
    "gatepass_session": _abi.Session,
    "gatepass_created_link": _abi.CreatedLink,
    "gatepass_opened_link": _abi.OpenedLink,
    "gatepass_document": _abi.Document,
    "gatepass_web_request": _abi.WebRequest,
    "gatepass_web_response": _abi.WebResponse,
}
PLAIN: dict[str, Any] = {
    "int32_t": c_int32,
    "int64_t": c_int64,
    "size_t": c_size_t,
    "char*": c_char_p,
    "void*": c_void_p,
    "gatepass_code": _abi.Code,
    "gatepass_class": c_int32,
}


def as_ctypes(c_type: str) -> Any:
    name = c_type.rstrip("*")
    if name not in HANDLES:
        return PLAIN[c_type]
    pointer = POINTER(HANDLES[name])
    return pointer if c_type.count("*") == 1 else POINTER(pointer)


def codes() -> dict[str, int]:
    found: dict[str, int] = {}
    while (code := LIB.gatepass_code_at(len(found))) >= 0:
        found[LIB.gatepass_code_name(code).decode()] = code
    return found


def test_every_function_is_declared_as_the_header_has_it() -> None:
    wanted = {
        name: (as_ctypes(result), tuple(as_ctypes(argument) for argument in arguments))
        for name, (result, arguments) in header.functions().items()
    }
    assert len(wanted) > 100
    assert wanted == _abi.FUNCTIONS


def test_a_declaration_that_is_not_the_header_s_is_noticed() -> None:
    _, arguments = header.functions()["gatepass_request_set_actor"]
    assert [as_ctypes(argument) for argument in arguments] == [POINTER(_abi.Request), c_char_p, c_size_t]
    result, _ = header.functions()["gatepass_issued_user_id"]
    assert as_ctypes(result) is not ctypes.c_int


def test_every_function_is_used() -> None:
    sources = [path.read_text() for path in SOURCES.rglob("*.py") if path.name != "_abi.py"]
    used = {name for text in sources for name in re.findall(r"\bgatepass_[a-z_]+\b", text)}
    assert set(_abi.FUNCTIONS) - used == set(NOT_USED)
    assert len(NOT_USED) <= 5


def test_every_code_is_an_exception_of_its_class_with_its_name_and_number() -> None:
    known = codes()
    assert {name.upper(): number for name, number in known.items()} == header.enumerators("gatepass_code")
    classes = {0: None, 1: InvalidArgument, 2: Refused, 3: StoreError, 4: InternalError}
    for name, number in known.items():
        if number == 0:
            continue
        error = exception(LIB, number)
        assert type(error) is classes[number // 1000], name
        assert (error.code, error.number) == (name, number)
        assert str(error)
        if isinstance(error, Refused):
            assert error.reason is Reason(name)
    assert set(CLASSES.values()) == set(classes.values()) - {None}


def test_the_endpoints_are_the_library_s(gate: Gate) -> None:
    source = (header.ROOT / "src" / "web" / "mod.rs").read_text(encoding="utf-8")
    listed = re.search(r"pub const ENDPOINTS: &\[&str\] =\s*&\[(.*?)\];", source, flags=re.DOTALL)
    assert listed is not None
    assert len([name for name in listed[1].split(",") if name.strip()]) == len(_web.ENDPOINTS)
    for path in _web.ENDPOINTS:
        assert _web.handle(gate, WebRequest("GET", path)).status != 404
    assert _web.handle(gate, WebRequest("GET", "clientarea.php")).status == 404
    longest = re.search(r"pub const MAX_BODY: usize = ([\d_]+);", source)
    assert longest is not None
    assert int(longest[1].replace("_", "")) + 1 == _web.MOST_OF_A_BODY


def test_a_code_of_a_newer_library_is_no_yes() -> None:
    for number, kind in ((2999, Refused), (3999, StoreError), (4999, InternalError), (9999, InternalError)):
        error = exception(LIB, number)
        assert type(error) is kind
        assert (error.code, error.number) == (f"code_{number}", number)


def test_reasons_are_the_codes_of_refusals() -> None:
    refused = {name: number for name, number in codes().items() if 2000 < number < 3000}
    assert {reason.value for reason in Reason} == set(refused)
    assert all(reason.name == reason.value.upper() for reason in Reason)


def test_words_have_the_numbers_of_the_header() -> None:
    for enum, numbers in (
        ("gatepass_mode", enums.MODES),
        ("gatepass_token_state", enums.TOKEN_STATES),
        ("gatepass_origin", enums.ORIGINS),
    ):
        words: dict[int, Any] = dict(numbers)
        assert header.enumerators(enum) == {word.name: number for number, word in words.items()}
    assert len(enums.MODES) == len(Mode)
    assert len(enums.TOKEN_STATES) == len(TokenState)
    assert len(enums.ORIGINS) == len(Origin)
    assert set(header.enumerators("gatepass_class").values()) == {0, *CLASSES}
    abi = header.enumerators("gatepass_abi")
    assert (abi["ABI_VERSION"], abi["ABI_REVISION"]) == (_abi.ABI_VERSION, _abi.ABI_REVISION)


def test_every_operation_is_a_method_that_says_what_it_does(gate: Gate) -> None:
    plurals = {
        "user": "users",
        "client": "clients",
        "member": "members",
        "admin": "admins",
        "credential": "credentials",
        "token": "tokens",
        "link": "links",
        "session": "sessions",
        "destination": "destinations",
    }
    of_the_gate = {"link.inspect": Gate.inspect_link}
    asked = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
                asked.add(node.value)
    operations = gatepass.operations()
    assert len(operations) > 50
    for operation, about in operations.items():
        noun, verb = operation.split(".")
        namespace = getattr(gate, plurals.get(noun, noun))
        method = of_the_gate.get(operation) or getattr(type(namespace), verb)
        assert len(inspect.getdoc(method) or "") > 10, operation
        assert inspect.signature(method).return_annotation is not inspect.Signature.empty
        assert operation in asked, f"{operation} is not called"
        assert about.endswith(".")


def test_the_release_is_the_library_s_and_the_workspace_s() -> None:
    found = re.search(r'^version = "(.+)"$', (header.ROOT / "Cargo.toml").read_text(), flags=re.MULTILINE)
    assert found is not None
    assert gatepass.__version__ == found[1] == gatepass.library_version()
    assert re.fullmatch(r"3\.\d+\.\d+", gatepass.sqlite_version())


def test_everything_public_is_exported() -> None:
    import gatepass as package

    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("gatepass")
    }
    assert public - {"Duration", "Opening", "Path", "checked", "text"} <= set(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
