"""Errors that nobody foresaw: told to the operator without data, to the client without inner matters."""

import traceback

import structlog

from felles.record.outcome import Problem, problem

log = structlog.get_logger("felles.fhir")


def unexpected(error: Exception, method: str) -> Problem:
    """Logs where `error` arose and gives a Problem 500. Its message stays out of both: it may hold a patient's data."""
    at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected error", method=method, error=type(error).__name__, at=at)
    return problem(500, "exception", "an unexpected error; it has been logged")
