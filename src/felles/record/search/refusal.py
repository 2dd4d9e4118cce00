"""What a search may not ask, said without repeating values: they may be about patients."""

from collections.abc import Iterable

from felles.record.outcome import Problem, problem

MAX_PARAMETERS = 64
MAX_VALUES = 1_000
MAX_CODES = 10_000
MAX_DEPTH = 5
MAX_INCLUDES = 32
MAX_SORT_KEYS = 6
MAX_LENGTH = 8_192


def invalid(name: str, why: str) -> Problem:
    """400: the parameter `name` cannot be read."""
    return problem(400, "invalid", f"search parameter {name}: {why}", f"http.{_shown(name)}")


def unknown(name: str, where: str, valid: Iterable[str]) -> Problem:
    """400: there is no such parameter; `valid` are those there are."""
    known = ", ".join(sorted(valid))
    text = f"{where} has no search parameter {_shown(name)}. Valid are: {known}"
    return problem(400, "not-supported", text, f"http.{_shown(name)}")


def unnamed(name: str, takes: str, valid: Iterable[str]) -> Problem:
    """400: the value of the control parameter `name` names nothing it takes."""
    text = f"search parameter {name}: {takes}. Valid are: {', '.join(sorted(valid))}"
    return problem(400, "not-supported", text, f"http.{_shown(name)}")


def unsupported(name: str, why: str) -> Problem:
    """400: R4 knows this, this server does not."""
    return problem(400, "not-supported", f"search parameter {name}: {why}", f"http.{_shown(name)}")


def too_costly(why: str) -> Problem:
    """403: more than one search may cost."""
    return problem(403, "too-costly", f"{why}: ask in several searches")


def _shown(name: str) -> str:
    return "".join(char for char in name[:64] if char.isalnum() or char in "_-:.*")
