"""What the form's tables call by name."""

from gateway.translate.form import values

__all__ = ["values"]
