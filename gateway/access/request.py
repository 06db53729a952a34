"""The request as the doors read it."""

from io import BytesIO
from typing import IO

from flask import Request


class MemoryRequest(Request):
    """A request whose uploaded files stay in memory: a temporary file would be a patient's data on disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """A place in memory, whatever the length; the body as a whole is capped before."""
        return BytesIO()
