"""What a serving process tells its operator, on standard error: where something failed, never what it was about."""

import logging
import sys
import traceback
from types import TracebackType

import structlog

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Frames(logging.Formatter):
    """Errors as their type and the places they passed: messages of exceptions may hold values of patients."""

    def formatException(self, ei: Raised) -> str:
        name = ei[0].__name__ if ei[0] else "error"
        return "\n".join([name, *(f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(ei[2]))])


def configure() -> None:
    """Once per process, before anything is served."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Frames("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
