"""Who is calling and what they may do: keys, signed-in pages, roles."""

from gateway.access.pages import door

__all__ = ["door"]
