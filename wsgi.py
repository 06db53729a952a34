"""The application for any WSGI server, as `wsgi:create_app()`; `python wsgi.py` serves the default installation."""

from gateway.app import create_app
from gateway.app.server import serve

__all__ = ["create_app", "serve"]

if __name__ == "__main__":
    serve()
