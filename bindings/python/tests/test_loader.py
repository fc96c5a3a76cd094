"""Finding the library, and saying what is wrong when there is none."""

import os
import shutil
import subprocess
from pathlib import Path

import gatepass
from conftest import program
from gatepass._library import LIB, NAME, loaded_already

IMPORT = "import gatepass; print(gatepass._library.LIB._name)"


def fake(folder: Path, source: str) -> Path:
    """A shared library of that source."""
    (folder / "fake.c").write_text(source)
    library = folder / NAME
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "fake.c"], check=True)
    return library


def package_without_library(folder: Path) -> str:
    """A copy of the package where nothing is near."""
    shutil.copytree(Path(gatepass.__file__).parent, folder / "site" / "gatepass")
    return str(folder / "site")


def only_error(stderr: str) -> str:
    """What the import said, which is one error."""
    assert stderr.count("Traceback") == 1
    assert "ImportError: " in stderr
    return stderr.split("ImportError: ")[1]


def test_the_library_of_the_environment_is_used_and_no_other(tmp_path: Path) -> None:
    ended = program(IMPORT, GATEPASS_LIBRARY=LIB._name)
    assert (ended.stdout.strip(), ended.stderr) == (str(Path(LIB._name).resolve()), "")
    missing = tmp_path / "nothing.so"
    ended = program(IMPORT, GATEPASS_LIBRARY=str(missing))
    assert [line.split(": ")[0].strip() for line in only_error(ended.stderr).splitlines()[1:]] == [str(missing)]


def test_an_import_that_fails_lists_every_place_and_why(tmp_path: Path) -> None:
    site = package_without_library(tmp_path)
    ended = program(IMPORT, GATEPASS_LIBRARY="", PYTHONPATH=site)
    error = only_error(ended.stderr)
    assert f"{site}/gatepass/{NAME}: " in error
    assert "libgatepass.so.1: " in error
    assert error.count("cannot open shared object file") == 2


def test_a_library_beside_the_package_is_found(tmp_path: Path) -> None:
    site = package_without_library(tmp_path)
    shutil.copy(LIB._name, f"{site}/gatepass/{NAME}")
    ended = program(IMPORT, GATEPASS_LIBRARY="", PYTHONPATH=site)
    assert (ended.stdout.strip(), ended.stderr) == (f"{site}/gatepass/{NAME}", "")


def test_nothing_is_run_where_the_library_is_near(tmp_path: Path) -> None:
    site = package_without_library(tmp_path)
    shutil.copy(LIB._name, f"{site}/gatepass/{NAME}")
    watch = "import sys; sys.addaudithook(lambda what, how: what == 'subprocess.Popen' and print(how[1])); "
    ended = program(watch + IMPORT, GATEPASS_LIBRARY="", PYTHONPATH=site)
    assert (ended.stdout.strip(), ended.stderr) == (f"{site}/gatepass/{NAME}", "")


def test_another_version_of_the_interface_is_not_used(tmp_path: Path) -> None:
    version = "int gatepass_abi_version(void) { return 2; } int gatepass_abi_revision(void) { return 0; }"
    library = fake(tmp_path, version)
    error = only_error(program(IMPORT, GATEPASS_LIBRARY=str(library)).stderr)
    assert f"{library}: has version 2 of the interface, this package needs 1" in error


def test_an_older_revision_of_the_interface_is_not_used(tmp_path: Path) -> None:
    version = "int gatepass_abi_version(void) { return 1; } int gatepass_abi_revision(void) { return -1; }"
    error = only_error(program(IMPORT, GATEPASS_LIBRARY=str(fake(tmp_path, version))).stderr)
    assert "has revision -1 of the interface, this package needs 0" in error


def test_what_is_no_gatepass_library_is_not_used(tmp_path: Path) -> None:
    library = fake(tmp_path, "int other(void) { return 1; }")
    assert "is no Gatepass library" in only_error(program(IMPORT, GATEPASS_LIBRARY=str(library)).stderr)
    library.write_text("no library at all")
    assert str(library) in only_error(program(IMPORT, GATEPASS_LIBRARY=str(library)).stderr)


def test_a_library_that_lacks_a_function_is_not_used(tmp_path: Path) -> None:
    version = "int gatepass_abi_version(void) { return 1; } int gatepass_abi_revision(void) { return 0; }"
    error = only_error(program(IMPORT, GATEPASS_LIBRARY=str(fake(tmp_path, version))).stderr)
    assert "lacks a function" in error


def test_a_wrong_library_that_is_found_first_is_not_followed_by_another(tmp_path: Path) -> None:
    site = package_without_library(tmp_path)
    version = "int gatepass_abi_version(void) { return 2; } int gatepass_abi_revision(void) { return 0; }"
    shutil.copy(fake(tmp_path, version), f"{site}/gatepass/{NAME}")
    error = only_error(program(IMPORT, GATEPASS_LIBRARY="", PYTHONPATH=site).stderr)
    assert "has version 2" in error
    assert "libgatepass.so.1" not in error


def test_a_second_copy_is_never_loaded(tmp_path: Path) -> None:
    copy = tmp_path / NAME
    shutil.copy(LIB._name, copy)
    both = f"import ctypes; ctypes.CDLL({str(copy)!r}); {IMPORT}"
    error = only_error(program(both, GATEPASS_LIBRARY=LIB._name).stderr)
    assert f"another copy is loaded already: {copy}" in error
    ended = program(both, GATEPASS_LIBRARY="")
    assert (ended.stdout.strip(), ended.stderr) == (str(copy), "")


def test_the_loaded_copy_is_seen() -> None:
    assert [Path(path).resolve() for path in loaded_already()] == [Path(LIB._name).resolve()]
