#!/usr/bin/env python3
"""Make the locked environment on a machine that has Python 3.11 and nothing else: `bootstrap.py run|test`.

Brings the pinned uv (from PATH, or its wheel from the package index, by checksum, with the standard library alone)
to .tools/uv, then installs what uv.lock names into .venv: for `run` the program, for `test` the test tools too.
Index, proxy and certificates are those that pip or uv are told of: UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL,
pip.conf, HTTPS_PROXY, SSL_CERT_FILE, PIP_CERT. Exit status 0, or a sentence on what is wrong.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import html
import io
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".tools" / "uv"
VERSION = "0.13.9"
WHEELS = {
    ("Linux", "x86_64"): (
        f"uv-{VERSION}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("Linux", "aarch64"): (
        f"uv-{VERSION}-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    ("Darwin", "arm64"): (
        f"uv-{VERSION}-py3-none-macosx_11_0_arm64.whl",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
}
PUBLIC = "https://pypi.org/simple"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


class Refused(Exception):
    """What stands in the way, in a sentence for the person at the keyboard."""


def configured(key: str) -> str | None:
    """A value of pip's configuration files, the most personal one last; None where nobody set it."""
    home = Path.home()
    system = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    named = Path(os.environ.get("PIP_CONFIG_FILE") or os.devnull)
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read([*system, home / ".pip/pip.conf", home / ".config/pip/pip.conf", named])
    return parser.get("global", key, fallback=None)


def index() -> str:
    """The address of the simple package index (PEP 503), without a slash at its end."""
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    told = next((os.environ[name] for name in names if os.environ.get(name)), None)
    return re.sub(r"^[\w.-]+=", "", told or configured("index-url") or PUBLIC).rstrip("/")


def authority() -> str | None:
    """The file of certificates that pip or another tool was told to trust; None: the system's."""
    names = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
    return next((os.environ[name] for name in names if os.environ.get(name)), None) or configured("cert")


def fetch(url: str, attempts: int = 3) -> bytes:
    """The bytes at an address; faults of the network are tried again."""
    for attempt in range(attempts):
        try:
            return once(url)
        except urllib.error.HTTPError as fault:
            raise Refused(f"cannot fetch {url}: {fault}") from fault
        except OSError as fault:
            untrusted = isinstance(getattr(fault, "reason", fault), ssl.SSLCertVerificationError)
            if untrusted and not BUNDLE.exists() and not authority():
                certificates()
            elif attempt == attempts - 1 or untrusted:
                raise Refused(f"cannot fetch {url}: {fault}") from fault
        time.sleep(attempt)
    raise Refused(f"cannot fetch {url}")


def once(url: str) -> bytes:
    """One try of `fetch`, with the user and password that the address may hold."""
    parts = urllib.parse.urlsplit(url)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(plain)
    if parts.username:
        word = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", f"Basic {base64.b64encode(word.encode()).decode()}")
    context = ssl.create_default_context(cafile=authority())
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        body: bytes = answer.read()
        return body


def certificates() -> None:
    """A bare Debian has no certificates to trust: bring them."""
    from packages import install

    install(["ca-certificates"])
    if not BUNDLE.exists():
        raise Refused("this machine trusts no certificates: apt-get install ca-certificates")


def answers(place: Path | str) -> tuple[int, ...]:
    """The version of a uv program as numbers; () where it does not run."""
    try:
        said = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", said.partition(" (")[0]))


def fitting(found: tuple[int, ...]) -> bool:
    """The pinned version, or a later patch of it."""
    pinned = tuple(int(number) for number in VERSION.split("."))
    return found[:2] == pinned[:2] and found >= pinned


def bring_uv() -> None:
    """Have a fitting uv at .tools/uv: what is there, what is on PATH, or the verified wheel."""
    if fitting(answers(UV)):
        return
    UV.parent.mkdir(exist_ok=True)
    UV.unlink(missing_ok=True)
    there = shutil.which("uv")
    if there and fitting(answers(there)):
        UV.symlink_to(there)
    else:
        print(f"bootstrap: bringing uv {VERSION} from {public(index())}", flush=True)
        download()


def public(url: str) -> str:
    """An address without its password."""
    return re.sub(r"//[^@/]*@", "//", url)


def download() -> None:
    """Find the pinned wheel on the index, check its sha256 and unpack the one program in it."""
    machine = (platform.system(), platform.machine())
    if machine not in WHEELS:
        raise Refused(f"no uv is pinned for {' '.join(machine)}: install uv {VERSION} yourself, on PATH")
    name, digest = WHEELS[machine]
    page = f"{index()}/uv/"
    link = re.search(rf'href="([^"]*{re.escape(name)})[#"]', fetch(page).decode())
    if not link:
        raise Refused(f"{public(page)} does not offer {name}")
    body = fetch(urllib.parse.urljoin(page, html.unescape(link[1])))
    if hashlib.sha256(body).hexdigest() != digest:
        raise Refused(f"{name} does not have the checksum that scripts/bootstrap.py pins")
    with zipfile.ZipFile(io.BytesIO(body)) as wheel:
        program = wheel.read(f"uv-{VERSION}.data/scripts/uv")
    fresh = UV.with_suffix(".new")
    fresh.write_bytes(program)
    fresh.chmod(0o755)
    fresh.rename(UV)


def surroundings() -> Mapping[str, str]:
    """The environment for uv: no interpreter is downloaded, and what pip trusts is trusted."""
    known = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    trusted = authority()
    return {**({"SSL_CERT_FILE": trusted} if trusted else {}), "UV_PYTHON_DOWNLOADS": "never", **known}


def uv(*words: str, given: str | None = None, quiet: bool = False) -> str:
    """Run uv in the project and return what it wrote."""
    output = subprocess.PIPE if quiet else None
    command = [str(UV), *words]
    done = subprocess.run(command, input=given, stdout=output, text=True, cwd=ROOT, env=surroundings(), check=False)
    if done.returncode:
        raise Refused(f"uv {words[0]} failed")
    return done.stdout or ""


def install(extent: str) -> None:
    """Put the locked packages into .venv. `run` leaves test tools that are already there in place."""
    python = ["--python", getattr(sys, "_base_executable", sys.executable)]
    groups = ["--no-dev", "--inexact"] if extent == "run" else ["--all-extras"]
    if index() == PUBLIC:
        uv("sync", "--locked", *python, *groups)
    else:
        mirrored(python, [word for word in groups if word != "--inexact"])


def mirrored(python: Sequence[str], groups: Sequence[str]) -> None:
    """The lock names files at pypi.org; from another index the same files are taken by their checksums."""
    if not (ROOT / ".venv").exists():
        uv("venv", *python, str(ROOT / ".venv"))
    locked = uv("export", "--frozen", "--no-emit-project", "--no-header", *groups, quiet=True)
    uv("pip", "install", "--require-hashes", "--default-index", index(), "-r", "-", given=locked)
    uv("pip", "install", "--no-deps", "--default-index", index(), "--editable", ".")


def main(arguments: Sequence[str]) -> int:
    """Bring uv, then the environment that is asked for."""
    extent = arguments[0] if arguments else "run"
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever calls it may have an older one
        print("bootstrap: Python 3.11 or later is needed (apt-get install python3)", file=sys.stderr)
        return 1
    try:
        bring_uv()
        if extent != "uv":
            install(extent)
    except Refused as reason:
        print(f"bootstrap: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
