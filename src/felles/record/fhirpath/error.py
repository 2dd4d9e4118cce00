"""What an expression may go wrong with."""


class FhirPathError(ValueError):
    """An expression that cannot be parsed, or that fails on this data.

    `position` is the character offset in `expression` where it happened, or None.
    """

    def __init__(self, message: str, position: int | None = None, expression: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.expression = expression

    def __str__(self) -> str:
        if self.position is None:
            return self.message
        return f"{self.message} (at character {self.position + 1})"
