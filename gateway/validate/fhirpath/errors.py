"""What can go wrong with an expression."""


class ExpressionError(ValueError):
    """An expression that cannot be compiled or evaluated; its text names the rule, never a value."""


class UndecidableError(Exception):
    """An expression asks for something that is not here, so it is neither true nor false."""
