"""The house stays as it was drawn: rooms import downward only, files and functions stay small, names are nouns."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import quantiles

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "felles"
MODULES = sorted(SOURCE.rglob("*.py"))
VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc", "core", "lib"}


def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def functions() -> list[tuple[int, str]]:
    found = [
        (length(node), f"{module.relative_to(ROOT)}:{node.lineno} {node.name}")
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, reverse=True)


def share_below(sizes: list[int], percent: int) -> float:
    """The size that this percentage of the sizes stays below or at."""
    return quantiles(sizes, n=100, method="inclusive")[percent - 1]


def test_rooms_import_downward_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_half_of_the_files_are_short_and_nearly_all_are_not_long() -> None:
    sizes = [len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES]
    assert share_below(sizes, 50) < 120
    assert share_below(sizes, 95) < 350
    assert not [str(module.relative_to(ROOT)) for module, size in zip(MODULES, sizes, strict=True) if size > 400]


def test_half_of_the_functions_are_short_and_nearly_all_are_not_long() -> None:
    found = functions()
    sizes = [size for size, _ in found]
    assert share_below(sizes, 50) <= 8
    assert share_below(sizes, 95) <= 30
    assert not [(size, place) for size, place in found if size > 60]


def test_modules_are_named_by_nouns_and_say_what_they_are() -> None:
    assert not [str(module.relative_to(ROOT)) for module in MODULES if module.stem in VAGUE]
    assert not [str(module.relative_to(ROOT)) for module in MODULES if ast.get_docstring(tree(module)) is None]


def test_every_test_folder_is_one_of_the_four_kinds() -> None:
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    assert folders <= {"unit", "integration", "acceptance", "migration"}


def test_the_licence_is_the_one_the_package_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\nEUPL © the European Union 2007, 2016\n")
    assert text.rstrip().endswith("require the production of a new EUPL version.")
    assert 'license = "EUPL-1.2"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_nothing_is_vendored_and_no_secret_is_kept() -> None:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    said = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in said.split("\0") if name and (ROOT / name).is_file()]
    assert not [name for name in names if re.search(r"(^|/)(node_modules|vendor)/|\.min\.(js|css)$", name)]
    secret = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}")
    assert not [name for name in names if secret.search((ROOT / name).read_bytes())]
