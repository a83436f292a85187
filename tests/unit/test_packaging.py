"""What gets Mediagate onto a machine: lock files, Makefile, wheel, container image and compose file."""

import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command, check=False, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def tool(name: str) -> Path:
    """A program that a Python package installed beside this Python."""
    return Path(sys.executable).with_name(name)


def pins(lock: str) -> dict[str, set[str]]:
    """Versions by package; a package may have several, by Python version."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_places(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|file:|--(extra-)?index|--find-links|(^|\s)-e\s|^/| @ ", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert len(entries) > 50
    assert all("--hash=sha256:" in entry for entry in entries)


def test_both_locks_pin_one_version() -> None:
    runtime, development = (pins(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["dev"])])
def test_what_the_project_asks_for_is_locked(lock: str, groups: list[str]) -> None:
    asked = list(PROJECT["project"]["dependencies"])
    for group in groups:
        asked += [entry for entry in PROJECT["dependency-groups"][group] if isinstance(entry, str)]
    locked = pins(lock)
    assert "hatchling" in locked
    for requirement in map(Requirement, asked):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, requirement.name
        assert all(requirement.specifier.contains(version) for version in versions), requirement.name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as `pip install` would build it, from tracked files only."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "--wheel-dir", str(out)]
    run(sys.executable, "-m", "pip", "wheel", *options, str(source))
    (built,) = out.iterdir()
    return built


def tracked() -> list[str]:
    return [name for name in run("git", "ls-files", "-z").split("\0") if name and (ROOT / name).is_file()]


def test_the_wheel_holds_every_file_of_every_package(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in tracked() if name.split("/")[0] in PACKAGES}
    assert {name.split("/")[0] for name in ours} == set(PACKAGES)
    assert ours <= held


def test_the_wheel_works_away_from_the_sources(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    names = ", ".join(f"{package}" for package in PACKAGES)
    code = f"import {names}, gateway.settings, gateway.postgres; print(gateway.settings.__file__)"
    assert str(tmp_path) in run(
        sys.executable, "-c", code, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}
    )


def test_the_compose_file_is_valid() -> None:
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
    return loaded


def test_every_service_has_a_ceiling_and_every_secret_comes_from_outside() -> None:
    for name, service in compose()["services"].items():
        assert "mem_limit" in service, name
        assert name == "gateway" or "healthcheck" in service, name  # the gateway's is in its image
        for variable, value in service["environment"].items():
            if re.search(r"TOKEN|PASSWORD|SECRET|HASH|DATABASE_URL", variable):
                assert "${" in value, variable


def test_the_gateways_root_is_read_only_and_its_data_a_volume() -> None:
    gateway = compose()["services"]["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert "data:/data" in gateway["volumes"]
    assert gateway["environment"]["MEDIAGATE_DATA_DIR"] == "/data"
    assert compose()["services"]["bot-api"]["profiles"] == ["local-api"]


def test_the_dockerfile_passes_its_linter() -> None:
    run(tool("hadolint"), "Dockerfile")


def dockerfile() -> list[list[str]]:
    """The instructions as words."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    copied = {
        source
        for instruction, *words in dockerfile()
        if instruction == "COPY" and not words[0].startswith("--from")
        for source in words[:-1]
    }
    assert set(PACKAGES) <= copied
    patterns = (ROOT / ".dockerignore").read_text().split()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern.removeprefix("!")) for pattern in patterns if pattern[0] == "!")


def test_the_image_runs_as_nobody_special_and_says_whether_it_lives() -> None:
    instructions = dockerfile()
    assert [words for words in instructions if words[0] == "USER"][-1] == ["USER", "101:101"]
    (check,) = [" ".join(words) for words in instructions if words[0] == "HEALTHCHECK"]
    assert "/health/live" in check


def test_ci_is_a_script_that_parses() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    run("bash", "-n", ".ci/run")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with what make reads, and a `.venv` that is made already."""
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for stamp in (".python", ".runtime", ".dev"):
        (tmp_path / ".venv" / stamp).write_text(f"{tmp_path}\n")
    return tmp_path


def program(place: Path, text: str) -> None:
    place.write_text(f"#!{sys.executable}\n{text}")
    place.chmod(0o755)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_make_run_starts_at_once_and_a_signal_ends_it_without_a_complaint(checkout: Path, sign: signal.Signals) -> None:
    program(
        checkout / ".venv" / "bin" / "mediagate",
        "import signal, sys\n"
        "for sign in (signal.SIGINT, signal.SIGTERM): signal.signal(sign, lambda *_: sys.exit(0))\n"
        "print('serving', *sys.argv[1:], flush=True)\n"
        "signal.pause()\n",
    )
    command = ["make", "run"]
    with subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as make:
        assert make.stdout
        assert make.stdout.readline() == "serving run\n"
        if sign is signal.SIGINT:
            os.killpg(make.pid, sign)  # as a terminal does
        else:
            make.send_signal(sign)
        said = make.communicate(timeout=60)[0].splitlines()
        # Interrupted while it reaps the child, make may find nothing left to wait for and say so; nobody else does.
        assert [line for line in said if "wait: No child" not in line and "unfinished jobs" not in line] == []


def test_make_makes_the_environment_anew_where_the_checkout_was_moved(checkout: Path) -> None:
    assert "venv" not in run("make", "--dry-run", "run", cwd=checkout).replace(".venv/bin/mediagate", "")
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    assert "-m venv --clear .venv" in run("make", "--dry-run", "run", cwd=moved)


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("sys.exit(1)", "Mediagate needs Python 3.11 or newer"),
        ("sys.exit('ensurepip' in sys.argv[2])", "sudo apt install python3-venv"),
    ],
)
def test_make_names_what_the_machine_lacks(checkout: Path, tmp_path: Path, python: str, told: str) -> None:
    shutil.rmtree(checkout / ".venv")
    place = tmp_path / "bin"
    place.mkdir()
    for name in ("make", "sh", "cat", "echo", "basename"):
        found = shutil.which(name)
        assert found
        (place / name).symlink_to(found)
    program(place / "python3", f"import sys\n{python}\n")
    done = subprocess.run(
        ["make", "run"], check=False, cwd=checkout, env={"PATH": str(place)}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert told in done.stdout


def test_make_clean_leaves_the_data(checkout: Path) -> None:
    for name in (".data", "gateway/__pycache__", ".ruff_cache"):
        (checkout / name).mkdir(parents=True)
    run("make", "clean", cwd=checkout)
    assert sorted(path.name for path in checkout.iterdir() if path.is_dir()) == [".data", "gateway"]
    assert not list((checkout / "gateway").iterdir())
