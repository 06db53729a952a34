"""What the form's tables call by name."""

from gateway.translate.form import values, visits

__all__ = ["values", "visits"]
