"""The parser of FHIRPath: tokens to a syntax tree, by the binding power of the operators (Pratt)."""

from decimal import Decimal
from typing import Final

from gateway.validate.fhirpath import temporal
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.lexer import Token, tokens, unescaped
from gateway.validate.fhirpath.quantity import CALENDAR, Quantity
from gateway.validate.fhirpath.syntax import (
    Binary,
    Call,
    Indexer,
    Literal,
    Member,
    Node,
    Sign,
    Special,
    This,
    TypeTest,
    Variable,
)

# The tighter an operator binds, the higher it stands (FHIRPath, operator precedence).
_POWERS: Final = {
    operator: power
    for power, row in enumerate(
        ("implies", "or xor", "and", "in contains", "= ~ != !~", "< <= > >=", "|", "is as", "+ - &", "* / div mod"), 1
    )
    for operator in row.split()
}
_SIGNED: Final = 11
_DEEPEST: Final = 200
_KINDS: Final = {"date": "Date", "moment": "DateTime", "time": "Time"}


def parse(text: str) -> Node:
    """The syntax tree of an expression; ExpressionError when it has none."""
    reading = _Reading(text)
    found = reading.expression(0)
    reading.take("")
    return found


class _Reading:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def advance(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def take(self, text: str) -> None:
        if self.next.kind not in ("sign", "end") or self.next.text != text:
            raise ExpressionError("a token that does not belong here")
        self._at += 1

    def met(self, text: str) -> bool:
        found = self.next.kind == "sign" and self.next.text == text
        self._at += found
        return found

    def expression(self, above: int) -> Node:
        """What stands here and binds tighter than the operator around it."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("an expression that is nested too deep")
        left = self.operand()
        while (power := self._power()) > above:
            operator = self.advance().text
            if operator in ("is", "as"):
                left = TypeTest(operator, left, self.type_specifier())
            else:
                left = Binary(operator, left, self.expression(power))
        self._depth -= 1
        return left

    def _power(self) -> int:
        return _POWERS.get(self.next.text, 0) if self.next.kind in ("sign", "name") else 0

    def operand(self) -> Node:
        for sign in "+-":
            if self.met(sign):
                return Sign(sign, self.expression(_SIGNED - 1))
        found = self.term()
        while True:
            if self.met("."):
                found = self.invocation(found, first=False)
            elif self.met("["):
                found = Indexer(found, self.expression(0))
                self.take("]")
            else:
                return found

    def term(self) -> Node:
        if self.met("("):
            inner = self.expression(0)
            self.take(")")
            return inner
        if self.met("{"):
            self.take("}")
            return Literal(None, "")
        kind, text = self.next
        if kind in ("name", "quoted") and text not in ("true", "false"):
            return self.invocation(This(), first=True)
        self.advance()
        return self.constant(kind, text)

    def constant(self, kind: str, text: str) -> Node:
        if kind == "name":
            return Literal(text == "true", "System.Boolean")
        if kind == "string":
            return Literal(unescaped(text), "System.String")
        if kind == "number":
            return self.number(text)
        if kind in _KINDS:
            return self.moment(kind, text)
        if kind == "special":
            return This() if text == "$this" else Special(text[1:])
        if kind == "variable":
            return Variable(unescaped(text[1:]) if text[1] in "`'" else text[1:])
        raise ExpressionError("a token that begins no expression")

    def number(self, text: str) -> Node:
        kind, unit = self.next
        if kind == "string":
            self.advance()
            return Literal(Quantity(Decimal(text), unescaped(unit)), "System.Quantity")
        if kind == "name" and unit in CALENDAR:
            self.advance()
            return Literal(Quantity(Decimal(text), CALENDAR[unit]), "System.Quantity")
        return Literal(Decimal(text), "System.Decimal") if "." in text else Literal(int(text), "System.Integer")

    def moment(self, kind: str, text: str) -> Node:
        found = temporal.read(_KINDS[kind], text.removeprefix("@").removeprefix("T"))
        if found is None:
            raise ExpressionError("a date or time that is in no calendar")
        return Literal(found, f"System.{_KINDS[kind]}")

    def invocation(self, target: Node, first: bool) -> Node:
        """A member or a function after a dot, or at the beginning of a path."""
        kind, text = self.advance()
        if kind not in ("name", "quoted"):
            raise ExpressionError("a step without a name")
        name = unescaped(text) if kind == "quoted" else text
        if not self.met("("):
            return Member(target, name, first)
        arguments: list[Node] = []
        while not self.met(")"):
            if arguments:
                self.take(",")
            arguments.append(self.expression(0))
        return Call(target, name, tuple(arguments))

    def type_specifier(self) -> str:
        """The name of a type, with or without its namespace."""
        kind, text = self.advance()
        if kind not in ("name", "quoted"):
            raise ExpressionError("no name of a type")
        name = unescaped(text) if kind == "quoted" else text
        return f"{name}.{self.type_specifier()}" if self.met(".") else name
