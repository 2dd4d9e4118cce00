#!/usr/bin/env python3
"""Bring the system packages the tests need, where this may be done: PostgreSQL 15 or later, Chromium
with the library that Playwright's own driver wants, what PDFs of letters are made with, and Java for MPXJ.

On Debian and Ubuntu, as root or with a sudo that asks for no password, apt-get installs what is missing. Elsewhere the
missing ones are named and the exit status is still 0: the tests themselves say what they could not do without them
(and fail where CI is set). The second run finds everything and does nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def postgresql() -> bool:
    """Whether server programs of version 15 or later are here."""
    numbers = [int(found.parent.parent.name) for found in Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")]
    return max(numbers, default=0) >= 15 or shutil.which("initdb") is not None


def chromium() -> bool:
    """Whether there is a browser: Debian's, or the one that Playwright brought."""
    brought = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return shutil.which("chromium") is not None or any(brought.glob("chromium*"))


def library(name: str) -> bool:
    """Whether a shared library is where Debian puts them."""
    return any(Path("/").glob(f"usr/lib*/{name}")) or any(Path("/").glob(f"usr/lib*/*/{name}"))


def missing() -> list[str]:
    """The Debian packages that are wanted and not here."""
    wanted = {
        "postgresql": postgresql(),
        "libatomic1": library("libatomic.so.1"),
        "chromium": chromium(),
        "libpangoft2-1.0-0": library("libpangoft2-1.0.so.0"),
        "libharfbuzz-subset0": library("libharfbuzz-subset.so.0"),
        "ca-certificates": BUNDLE.exists(),
        "default-jre-headless": shutil.which("java") is not None,
    }
    return [name for name, there in wanted.items() if not there]


def permitted() -> list[str] | None:
    """The words before apt-get that make it allowed; None where it is not."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    asked = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked and asked.returncode == 0 else None


def install(names: Sequence[str]) -> bool:
    """Install Debian packages; False where this may not be done or did not work."""
    before = permitted()
    if before is None:
        return False
    print(f"packages: apt-get install {' '.join(names)}", flush=True)
    quiet = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    wanted = [*quiet, "install", "--yes", "--no-install-recommends", *names]
    return run([*quiet, "update"]) and run(wanted)


def run(command: Sequence[str]) -> bool:
    """Run a command, showing what it says only if it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 0


def ubuntu() -> bool:
    """Ubuntu's chromium package is a snap that needs a running snapd."""
    release = Path("/etc/os-release")
    return release.exists() and re.search(r'^ID="?ubuntu', release.read_text(), re.MULTILINE) is not None


def browse() -> None:
    """Where Debian's Chromium cannot be had, let Playwright bring its own build."""
    playwright = Path(__file__).resolve().parent.parent / ".venv/bin/playwright"
    if playwright.exists():
        words = ["install", "--with-deps", "chromium"] if permitted() is not None else ["install", "chromium"]
        run([str(playwright), *words])


def main() -> int:
    """Install what is missing and tell what could not be."""
    names = missing()
    by_package = [name for name in names if not (name == "chromium" and ubuntu())]
    if by_package:
        install(by_package)
    if "chromium" in missing():
        browse()
    for name in missing():
        print(f"packages: {name} is missing and could not be installed; its tests will say so", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
