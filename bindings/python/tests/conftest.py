"""A store for each test, with somebody in it."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import gatepass
from gatepass import Gate

SYSTEM_URL = "https://billing.example.com/whmcs"
SEALING_KEY = "gatepass-sealing-key-1 " + "0123456789abcdef" * 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "gatepass.db"


@pytest.fixture
def gate(path: Path) -> Iterator[Gate]:
    """A managed store with one client and its owner."""
    with gatepass.init(path, mode="managed", system_url=SYSTEM_URL, sealing_key=SEALING_KEY) as made:
        made.users.add(email="ann@example.com", first_name="Ann")
        made.clients.add(email="ann@example.com", owner=1)
        yield made


def program(source: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a Python program of its own, with everything that Python can warn of."""
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here.parent / "src"), str(here)])
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(source), *arguments],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
