"""What a measurement hands back: figures, each with the raw engine's figure of the same run beside it."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value.

    `engine` is sqlite or postgresql, or none where no engine takes part.
    `raw` is the bare engine's value for the same bytes in the same run, in the same
    unit, and `ratio` the share of it that was reached (median of the pairs); both None where there is no such limit.
    `spread` is the lowest and highest ratio, `note` says what a reader must know (sizes, CPU share of the load).
    """

    name: str
    engine: str
    value: float
    unit: str
    raw: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All figures of one run, with the machine and the moment."""

    name: str
    quick: bool
    figures: list[Figure]
    about: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {**asdict(self), "machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}


def machine() -> dict[str, Any]:
    """Processor, cores, memory (GiB), system and interpreter."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def processor() -> str:
    """The processor's name as the kernel gives it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
