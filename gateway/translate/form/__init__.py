"""What the form's tables call by name."""

from gateway.translate.form import dates, values, visits

__all__ = ["dates", "values", "visits"]
