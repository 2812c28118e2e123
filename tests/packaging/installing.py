"""The wheel, built once for each test process, and an interpreter that has it installed: fixtures for other folders."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def build(source: Path, target: str, folder: Path) -> Path:
    """The wheel or sdist of a project's folder."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of its own that pip has installed the wheel for; it finds dependencies where this one has them."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # A path in a .pth file is only a path: the editable install of this checkout is not taken along.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    python = folder / "bin" / "python"
    install(python, wheel, "--ignore-installed", "--no-deps")
    return python


def install(python: Path, *what: Path | str) -> None:
    """What `pip install` does there, without an index."""
    pip = [str(python), "-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--no-compile"]
    done = subprocess.run([*pip, *map(str, what)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
