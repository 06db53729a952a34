"""The original of a submission, byte for byte, for the clinic that sent it and for those who see all."""

import re
from base64 import b64encode
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.core.errors import NotFoundError
from gateway.serve.answer import FHIR_JSON, FHIR_XML, fhir
from gateway.serve.door import access, door, view
from gateway.services import services
from gateway.store import consents, outcomes, resources, submissions
from gateway.store.visibility import Sight

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.ASCII)
# Whatever a sender called it, a browser shall save it and never show it.
_INERT: Final = {
    "Content-Disposition": 'attachment; filename="original"',
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


@door.get("/Binary/<id>")
def binary(id: str) -> ResponseReturnValue:
    """The bytes of a submission as they came; as a FHIR Binary when FHIR is asked for by name."""
    account = access("read")
    if not _ID.fullmatch(id):
        raise NotFoundError
    account.touch("Binary", id)
    account.submission = id
    sight = view()
    body, media_type, _ = services().store.read(lambda connection: _original(connection, id, sight))
    kind = (media_type or "").partition(";")[0].strip().lower()
    kind = kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
    if any(
        accepted.startswith((FHIR_JSON, FHIR_XML)) and quality > 0 for accepted, quality in request.accept_mimetypes
    ):
        return fhir({"resourceType": "Binary", "id": id, "contentType": kind, "data": b64encode(body).decode()})
    return Response(body, headers=_INERT, content_type=kind)


def _original(connection: Connection, id: str, sight: Sight) -> tuple[bytes, str | None, str | None]:
    """A reader sees no original that holds what it may not see, nor one of which anything was set aside or waits."""
    if isinstance(sight, str):
        return submissions.original(connection, id, sight)
    if sight is not None:
        found = submissions.find(connection, id, None)
        waits = found.state in submissions.STOPPED or any(one.waits for one in consents.of(connection, id))
        if waits or outcomes.is_partial(connection, id) or not resources.shows(connection, id, sight):
            raise NotFoundError
    return submissions.original(connection, id, None)
