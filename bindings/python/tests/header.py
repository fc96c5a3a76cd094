"""Reads ``include/gatepass.h``: what the library really offers."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "include" / "gatepass.h").read_text(encoding="utf-8")
BARE = re.sub(r"//[^\n]*|/\*.*?\*/", "", TEXT, flags=re.DOTALL)


def functions() -> dict[str, tuple[str, list[str]]]:
    """Each function's result and arguments, as C types without ``const`` and ``struct``."""
    found = {}
    for result, name, arguments in re.findall(r"([\w \*]+?)\b(gatepass_\w+)\s*\(([^)]*)\)\s*;", BARE):
        each = [re.sub(r"\b\w+$", "", one.strip()) for one in arguments.split(",")]
        found[name] = (plain(result), [] if arguments.strip() == "void" else [plain(one) for one in each])
    return found


def plain(c_type: str) -> str:
    """A C type without what makes no difference to ctypes."""
    return re.sub(r"\s+", "", re.sub(r"\b(const|struct|enum)\b", "", c_type))


def enumerators(enum: str) -> dict[str, int]:
    """The names, without the prefix that they share, and numbers of an enum."""
    body = re.search(rf"typedef enum {enum} \{{(.*?)\}} {enum};", BARE, flags=re.DOTALL)
    assert body is not None
    prefix = "GATEPASS_" if enum in ("gatepass_code", "gatepass_abi") else enum.upper() + "_"
    pairs = re.findall(r"(GATEPASS_\w+) = (\d+)", body[1])
    return {name[len(prefix) :]: int(number) for name, number in pairs}
