#!/usr/bin/env python3
"""Bring the pages' assets: the packages of package-lock.json, through the npm registry, with Python alone.

Only the files the pages use are unpacked, into src/felles/web/static/vendor (and, with --test, axe-core into
build/assets). Every tarball must have the sha512 that the lock names. The registry is npm_config_registry or
https://registry.npmjs.org. Runs on Python 3.11 without node; the second run only compares a stamp.
"""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src/felles/web/static/vendor"
TESTING = ROOT / "build/assets"
RUNTIME = {
    "@digdir/designsystemet-css": {
        "dist/src/index.css": "designsystemet.css",
        "dist/theme/designsystemet.css": "theme.css",
        "LICENSE": "designsystemet.LICENSE",
    },
    "@fontsource-variable/inter": {
        "files/inter-latin-opsz-normal.woff2": "inter-latin.woff2",
        "files/inter-latin-ext-opsz-normal.woff2": "inter-latin-ext.woff2",
        "LICENSE": "inter.LICENSE",
    },
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
}
TEST = {"axe-core": {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE"}}


def registry() -> str:
    return os.environ.get("npm_config_registry", "https://registry.npmjs.org").rstrip("/")  # noqa: SIM112 (npm's name)


def tarball_url(package: str, version: str) -> str:
    return f"{registry()}/{package}/-/{package.rsplit('/', 1)[-1]}-{version}.tgz"


def download(url: str, attempts: int = 3) -> bytes:
    """The bytes at `url`; network faults are tried again, the last one is told with the address."""
    for attempt in range(1, attempts + 1):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                body: bytes = answer.read()
                return body
        except OSError as fault:
            if attempt == attempts:
                raise SystemExit(f"assets: cannot fetch {url}: {fault}") from fault
            time.sleep(attempt)
    raise AssertionError("unreachable")


def verify(package: str, body: bytes, integrity: str) -> None:
    """Subresource-integrity text as npm writes it: `sha512-<base64>`."""
    algorithm, _, wanted = integrity.partition("-")
    if algorithm != "sha512" or base64.b64encode(hashlib.sha512(body).digest()).decode() != wanted:
        raise SystemExit(f"assets: {package} does not have the checksum that package-lock.json names")


def unpack(body: bytes, files: dict[str, str], folder: Path) -> None:
    """Write the named members; a tarball's first folder is `package` by custom only, so it is cut off."""
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        members = {name.partition("/")[2]: name for name in archive.getnames()}
        for source, target in files.items():
            entry = archive.extractfile(members[source])
            assert entry is not None
            (folder / target).write_bytes(entry.read())


def bring(wanted: dict[str, dict[str, str]], folder: Path, lock: dict[str, dict[str, str]]) -> bool:
    """Fill `folder`; False when it was already as the lock says."""
    pinned = {package: lock[f"node_modules/{package}"] for package in wanted}
    mark = json.dumps([[p, pinned[p]["integrity"], wanted[p]] for p in sorted(wanted)])
    stamp = folder / ".stamp"
    if stamp.exists() and stamp.read_text() == mark:
        stamp.touch()
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for package, files in wanted.items():
        body = download(tarball_url(package, pinned[package]["version"]))
        verify(package, body, pinned[package]["integrity"])
        unpack(body, files, folder)
    stamp.write_text(mark)
    return True


def main(arguments: list[str]) -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    brought = bring(RUNTIME, VENDOR, lock)
    if "--test" in arguments:
        brought = bring(TEST, TESTING, lock) or brought
    print("assets: brought" if brought else "assets: in place")


if __name__ == "__main__":
    main(sys.argv[1:])
