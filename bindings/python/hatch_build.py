"""Builds the shared library with cargo and puts it into the wheel."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]


class LibraryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Needs a checkout: cargo and the Rust sources two folders above."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library; the wheel is for this platform and any Python 3."""
        if self.target_name == "sdist":
            raise RuntimeError(
                "Gatepass has no source distribution: its Rust sources lie outside of this folder. "
                "Build a wheel from a checkout: pip wheel ./bindings/python, or python -m build --wheel"
            )
        if not (ROOT / "include" / "gatepass.h").exists():
            raise RuntimeError("Gatepass is built from a checkout, which this folder is not part of")
        library = build()
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        if version != "editable":
            build_data["force_include"][str(library)] = f"gatepass/{library.name}"


def build() -> Path:
    """Run cargo, which says where it puts the library. GATEPASS_FEATURES adds features, such as mysql."""
    command = [os.environ.get("CARGO", "cargo"), "build", "--release", "--locked", "-p", "gatepass-c"]
    if features := os.environ.get("GATEPASS_FEATURES"):
        command += ["--features", features]
    command.append("--message-format=json-render-diagnostics")
    try:
        told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError:
        raise RuntimeError(
            f"{command[0]} was not found: the library is built with Rust's cargo and a C compiler; see https://rustup.rs"
        ) from None
    except subprocess.CalledProcessError:
        raise RuntimeError("cargo could not build the library; what it said stands above") from None
    for line in told.splitlines():
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and "cdylib" in message["target"]["kind"]:
            for name in message["filenames"]:
                if name.endswith((".so", ".dylib")):
                    return Path(name)
    raise RuntimeError("cargo built no shared library")
