"""The syntax tree of an expression (http://hl7.org/fhirpath/N1/#grammar). Every node knows its `position`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A System value; None is the empty collection `{}`."""

    value: Any
    position: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """`.name`; a Member without `source` begins a path and may name the type of the focus."""

    source: "Syntax | None"
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`.name(arguments)`; without `source` it is called on the focus."""

    source: "Syntax | None"
    name: str
    arguments: tuple["Syntax", ...]
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    """`source[index]`."""

    source: "Syntax"
    index: "Syntax"
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`+operand` or `-operand`."""

    operator: str
    operand: "Syntax"
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: "Syntax"
    right: "Syntax"
    position: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`source is type` or `source as type`; `type` is a possibly qualified name."""

    operator: str
    source: "Syntax"
    type: str
    position: int


Syntax = Literal | Variable | Special | Member | Call | Index | Unary | Binary | TypeTest
