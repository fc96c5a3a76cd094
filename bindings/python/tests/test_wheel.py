"""The wheel: built from the checkout, installed where nothing else is."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import gatepass
from gatepass._library import NAME
from gatepass.management import Management

PACKAGE = Path(__file__).parents[1]
README = (PACKAGE / "README.md").read_text(encoding="utf-8")


def example() -> str:
    """The program of the README, all its parts."""
    found: list[str] = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(found) == 2
    return "".join(found)


SAID = """\
signed in: 1 lands on https://billing.example.com/clientarea.php?action=invoices
session is good for user 1
a second time: token_redeemed reference True
mail https://billing.example.com/signin.php for user 1
live leads to invoice 5 refused: None
uses left: 0 lands on https://billing.example.com/viewinvoice.php?id=5
a second time: link_used
opened 1
"""


# What would lead back to the checkout.
NOT_FOR_CHILDREN = ("PYTHONPATH", "GATEPASS_LIBRARY")


def run(*command: str, cwd: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
    ended = subprocess.run(
        command, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.wheel
def test_a_wheel_runs_the_readme_s_program_in_an_empty_venv(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    wheel = tmp_path / run(sys.executable, "-c", build, str(tmp_path), cwd=PACKAGE).splitlines()[-1]
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    assert wheel.name == f"gatepass-{gatepass.__version__}-py3-none-{platform}.whl"
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        assert {f"gatepass/{name}" for name in (NAME, "py.typed", "LICENSE-MIT", "__init__.py")} <= names
        metadata = packed.read(f"gatepass-{gatepass.__version__}.dist-info/METADATA").decode()
        assert "Requires-Dist" not in metadata
        assert "Requires-Python: >=3.9" in metadata

    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index")
    run(python, *install, str(wheel), cwd=tmp_path)
    # The store of the program stays where the test's files are.
    assert run(python, "-X", "dev", "-c", example(), cwd=tmp_path, TMPDIR=str(tmp_path)) == SAID
    where = run(python, "-c", "import gatepass._library; print(gatepass._library.LIB._name)", cwd=tmp_path)
    assert where.strip().startswith(str(tmp_path / "venv"))


def test_a_source_distribution_is_refused_with_a_reason(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_sdist; build_sdist(sys.argv[1])"
    ended = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=PACKAGE, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "Build a wheel from a checkout" in ended.stderr


@pytest.mark.parametrize(
    ("cargo", "said"), [("/nowhere/cargo", "/nowhere/cargo was not found"), ("false", "cargo could not build")]
)
def test_a_wheel_that_can_t_be_built_says_what_is_missing(tmp_path: Path, cargo: str, said: str) -> None:
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    ended = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=PACKAGE,
        env={**os.environ, "CARGO": cargo},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert f"RuntimeError: {said}" in ended.stderr.splitlines()[-1]
    assert "During handling" not in ended.stderr


def test_the_readme_names_every_exception_and_namespace() -> None:
    for error in ("Refused", "InvalidArgument", "GateClosed", "StoreError", "InternalError", "GatepassError"):
        assert f"`{error}`" in README
    for namespace in vars(Management):
        if not namespace.startswith("_"):
            assert re.search(rf"`(gate\.)?{namespace}`", README), namespace
