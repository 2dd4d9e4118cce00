"""What differs between the engines, and the arguments of a statement while it is written.

Measured traps: SQLite runs a join of two index conditions a thousand times slower than EXISTS whose outer columns
carry a unary `+`; PostgreSQL turns EXISTS into a hash join of whole indexes unless it holds an OFFSET.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Dialect = Literal["sqlite", "postgresql"]
_MANY = 64
_FEW = 16


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `$1`... and its arguments."""

    sql: str
    args: tuple[Any, ...]


@dataclass(slots=True)
class Writing:
    """One statement while it is written."""

    dialect: Dialect
    args: list[Any] = field(default_factory=list)
    aliases: int = 0

    def value(self, value: Any) -> str:
        """The place of an argument."""
        self.args.append(value)
        return f"${len(self.args)}"

    def integer(self, value: int) -> str:
        """The place of an integer where its type cannot be seen from a column beside it."""
        return f"CAST({self.value(value)} AS bigint)"

    def among(self, column: str, keys: Iterable[int]) -> str:
        """`column` is one of these keys; never true for none."""
        distinct = sorted(set(keys))
        if not distinct:
            return "1 = 0"
        if len(distinct) == 1:
            return f"{column} = {self.value(distinct[0])}"
        listed = map(str, distinct) if len(distinct) > _MANY else map(self.value, distinct)
        return f"{column} IN ({', '.join(listed)})"

    def member_of(self, column: str, keys: frozenset[int]) -> str:
        """`column` is one of these keys, however many, as one argument."""
        if len(keys) < 2:
            return self.among(column, keys)
        if self.dialect == "sqlite":
            return f"{column} IN (SELECT value FROM json_each({self.value(json.dumps(sorted(keys)))}))"
        return f"{column} = ANY({self.value(sorted(keys))}::int8[])"

    def hashed(self, column: str, keys: frozenset[int]) -> str:
        """The same where many rows meet many keys: a plan for any argument compares an array key by key."""
        if len(keys) <= _FEW or self.dialect == "sqlite":
            return self.member_of(column, keys)
        return f"{column} IN (SELECT unnest({self.value(sorted(keys))}::int8[]))"

    def alias(self, letter: str) -> str:
        """A name for a table that no other has."""
        self.aliases += 1
        return f"{letter}{self.aliases}"

    @property
    def join(self) -> str:
        """A join whose left side is to be read first."""
        return "CROSS JOIN" if self.dialect == "sqlite" else "JOIN"

    def outer(self, column: str) -> str:
        """A column of the outer query inside a probe."""
        return f"+{column}" if self.dialect == "sqlite" else column

    @property
    def fence(self) -> str:
        """Keeps a probe a probe."""
        return "" if self.dialect == "sqlite" else " OFFSET 0"

    def holds(self, column: str, text: str) -> str:
        """`column` has `text` somewhere in it."""
        function = "instr" if self.dialect == "sqlite" else "strpos"
        return f"{function}({column}, {self.value(text)}) > 0"

    def member(self, body: str, path: tuple[str, ...]) -> str:
        """The text at a JSON path of a stored body. The path is from the definitions, never from a request."""
        if self.dialect == "sqlite":
            dotted = "$" + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path)
            return f"json_extract(CAST({body} AS TEXT), '{dotted}')"
        return f"(convert_from({body}, 'UTF8')::jsonb #>> '{{{','.join(path)}}}')"


def terms(column: str, numbers: Iterable[int]) -> str:
    """The term condition; numbers stand in the text, so that plans can be made for them."""
    listed = [str(int(number)) for number in numbers]
    if not listed:
        return "1 = 0"
    return f"{column} = {listed[0]}" if len(listed) == 1 else f"{column} IN ({', '.join(listed)})"
