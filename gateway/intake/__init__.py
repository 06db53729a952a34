"""The clinics' door: submissions of any format over HTTP, from pages and from a drop folder."""

from gateway.intake import http, pages

doors = (http.door, pages.door)

__all__ = ["doors"]
