"""From text to syntax tree: a Pratt parser of the FHIRPath grammar (http://hl7.org/fhirpath/N1/#grammar)."""

from decimal import Decimal

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.lexer import Token, tokens
from felles.record.fhirpath.quantity import CALENDAR, Quantity
from felles.record.fhirpath.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Special,
    Syntax,
    TypeTest,
    Unary,
    Variable,
)
from felles.record.fhirpath.temporal import parse_literal

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_OPERATIONS = 1000

PRECEDENCE = {
    **dict.fromkeys((".", "["), 12),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("is", "as"), 8),
    "|": 7,
    **dict.fromkeys(("<", "<=", ">", ">="), 6),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys(("in", "contains"), 4),
    "and": 3,
    **dict.fromkeys(("or", "xor"), 2),
    "implies": 1,
}
UNARY = 11
KEYWORD_NAMES = ("as", "is", "contains", "in")


def parse(expression: str) -> Syntax:
    """The syntax tree of `expression`; FhirPathError with the position when it is none, too long or too deep."""
    if len(expression) > MAX_LENGTH:
        raise FhirPathError(f"The expression is longer than {MAX_LENGTH} characters")
    parser = Parser(tokens(expression))
    tree = parser.expression(0)
    parser.expect("end", "")
    return tree


class Parser:
    """One pass over the tokens."""

    def __init__(self, stream: list[Token]) -> None:
        self.stream = stream
        self.place = 0
        self.depth = 0
        self.operations = 0

    @property
    def token(self) -> Token:
        return self.stream[self.place]

    def advance(self) -> Token:
        token = self.stream[self.place]
        self.place += 1
        return token

    def at(self, *symbols: str) -> bool:
        return self.token.kind in ("symbol", "name") and self.token.text in symbols

    def expect(self, kind: str, text: str) -> Token:
        if self.token.kind != kind or self.token.text != text:
            raise FhirPathError(f"Expected {text or 'the end'}, found {self.found()}", self.token.position)
        return self.advance()

    def found(self) -> str:
        return "the end" if self.token.kind == "end" else repr(self.token.text)

    def expression(self, binding: int) -> Syntax:
        """The longest expression whose operators bind tighter than `binding`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FhirPathError(f"The expression nests deeper than {MAX_DEPTH} levels", self.token.position)
        left = self.prefix()
        while self.token.kind in ("symbol", "name") and PRECEDENCE.get(self.token.text, 0) > binding:
            left = self.infix(left, self.advance())
        self.depth -= 1
        return left

    def infix(self, left: Syntax, operator: Token) -> Syntax:
        text, position = operator.text, operator.position
        self.count_operation(position)
        if text == ".":
            return self.invocation(left)
        if text == "[":
            index = self.expression(0)
            self.expect("symbol", "]")
            return Index(left, index, position)
        if text in ("is", "as"):
            return TypeTest(text, left, self.qualified_name(), position)
        return Binary(text, left, self.expression(PRECEDENCE[text]), position)

    def count_operation(self, position: int) -> None:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            raise FhirPathError(f"The expression has more than {MAX_OPERATIONS} operations", position)

    def prefix(self) -> Syntax:
        token = self.token
        if self.at("+", "-") and token.kind == "symbol":
            self.advance()
            self.count_operation(token.position)
            return Unary(token.text, self.expression(UNARY), token.position)
        if token.kind == "name" and token.text in ("true", "false"):
            self.advance()
            return Literal(token.text == "true", token.position)
        if token.kind in ("name", "delimited"):
            return self.invocation(None)
        return self.term(self.advance())

    def term(self, token: Token) -> Syntax:
        position = token.position
        match token.kind, token.text:
            case "number", text:
                return self.number(text, position)
            case "string", text:
                return Literal(text, position)
            case "temporal", text:
                return Literal(parse_literal(text, position), position)
            case "special", text:
                return Special(text, position)
            case "symbol", "(":
                inner = self.expression(0)
                self.expect("symbol", ")")
                return inner
            case "symbol", "{":
                self.expect("symbol", "}")
                return Literal(None, position)
            case "symbol", "%":
                return Variable(self.variable_name(), position)
        self.place -= 1
        raise FhirPathError(f"Expected an expression, found {self.found()}", position)

    def variable_name(self) -> str:
        if self.token.kind not in ("name", "delimited", "string"):
            raise FhirPathError(f"Expected a name after %, found {self.found()}", self.token.position)
        return self.advance().text

    def number(self, text: str, position: int) -> Literal:
        value = Decimal(text)
        if self.token.kind == "string":
            return Literal(Quantity.of(value, self.advance().text), position)
        if self.token.kind == "name" and self.token.text in CALENDAR:
            return Literal(Quantity(value, CALENDAR[self.advance().text]), position)
        if "." in text:
            return Literal(value, position)
        if len(text) > 19:
            raise FhirPathError("The number has too many digits", position)
        return Literal(int(text), position)

    def invocation(self, source: Syntax | None) -> Syntax:
        """A member, a function call or a `$` name, after a dot or at the beginning of a path."""
        token = self.advance()
        if token.kind == "special":
            return Special(token.text, token.position)
        if token.kind not in ("name", "delimited") or reserved(token, source):
            self.place -= 1
            raise FhirPathError(f"Expected a name, found {self.found()}", token.position)
        if token.kind == "name" and self.at("("):
            self.advance()
            return Call(source, token.text, self.arguments(), token.position)
        return Member(source, token.text, token.position)

    def arguments(self) -> tuple[Syntax, ...]:
        found: list[Syntax] = []
        if not self.at(")"):
            found.append(self.expression(0))
            while self.at(","):
                self.advance()
                found.append(self.expression(0))
        self.expect("symbol", ")")
        return tuple(found)

    def qualified_name(self) -> str:
        """A type name such as `Patient` or `FHIR.Patient`."""
        parts = [self.identifier()]
        if self.at("."):
            self.advance()
            parts.append(self.identifier())
        return ".".join(parts)

    def identifier(self) -> str:
        if self.token.kind not in ("name", "delimited"):
            raise FhirPathError(f"Expected a type name, found {self.found()}", self.token.position)
        return self.advance().text


def reserved(token: Token, source: Syntax | None) -> bool:
    """Operators that are words cannot begin a path, but a few may follow a dot as element or function names."""
    if token.kind == "delimited" or token.text not in PRECEDENCE:
        return False
    return not (token.text in KEYWORD_NAMES or source is not None)
