"""What went wrong, said so that a client can act: FHIR R4 OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    """One OperationOutcome.issue. `code` is from http://hl7.org/fhir/issue-type, `expression` a FHIRPath."""

    code: str
    diagnostics: str
    expression: str | None = None
    severity: str = "error"

    def as_fhir(self) -> dict[str, Any]:
        issue: dict[str, Any] = {"severity": self.severity, "code": self.code, "diagnostics": self.diagnostics}
        if self.expression:
            issue["expression"] = [self.expression]
        return issue


@dataclass(slots=True)
class Problem(Exception):
    """A request that is refused: HTTP status, issues, and headers that belong to the answer. `position`: which of
    several writes it was about, -1 for none."""

    status: int
    issues: tuple[Issue, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    position: int = -1

    def __str__(self) -> str:
        return f"{self.status}: " + "; ".join(issue.diagnostics for issue in self.issues)


def problem(status: int, code: str, diagnostics: str, expression: str | None = None) -> Problem:
    """A Problem of one issue."""
    return Problem(status, (Issue(code, diagnostics, expression),))


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The OperationOutcome of these issues, as plain data."""
    return {"resourceType": "OperationOutcome", "issue": [issue.as_fhir() for issue in issues]}
