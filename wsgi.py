"""The application for any WSGI server; `python wsgi.py` serves the default installation."""

from gateway.app import create_app

if __name__ == "__main__":
    create_app()
