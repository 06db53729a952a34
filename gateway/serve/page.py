"""The address of the next page: opaque, sealed for one caller, good for an hour."""

import hmac
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.access.caller import caller
from gateway.core import fhirjson
from gateway.core.errors import ExpiredPageError, UnreadablePageError
from gateway.services import services
from gateway.store.query import Pair
from gateway.store.search import Position

LIFE: Final = timedelta(hours=1)
PARAMETER: Final = "_page"
_NONCE: Final = 12
_LONGEST: Final = 64_000


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where a search or a history goes on: its address, its parameters, the position reached, what was counted."""

    place: str
    parameters: tuple[Pair, ...]
    after: Position
    total: int | None = None


def seal(continuation: Continuation) -> str:
    """The continuation as text that only we can read, and only for this caller."""
    expires = int((services().clock.now() + LIFE).timestamp())
    said = [continuation.place, continuation.parameters, continuation.after, continuation.total, expires]
    nonce = os.urandom(_NONCE)
    return urlsafe_b64encode(nonce + _cipher().encrypt(nonce, zlib.compress(fhirjson.write(said)), _holder())).decode()


def unseal(text: str, place: str) -> Continuation:
    """The continuation that was sealed for this caller and address. Raises UnreadablePageError, ExpiredPageError."""
    if len(text) > _LONGEST:
        raise UnreadablePageError(PARAMETER)
    try:
        sealed = urlsafe_b64decode(text.encode())
        opened = _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], _holder())
    except (ValueError, InvalidTag):
        raise UnreadablePageError(PARAMETER) from None
    where, parameters, after, total, expires = fhirjson.read_own(zlib.decompress(opened))
    if where != place:
        raise UnreadablePageError(PARAMETER)
    if expires <= services().clock.now().timestamp():
        raise ExpiredPageError(PARAMETER)
    return Continuation(where, tuple((name, value) for name, value in parameters), tuple(after), total)


def _cipher() -> AESGCM:
    """A key of its own, made from the installation's secret, so that all processes share it."""
    return AESGCM(hmac.digest(services().audit_key, b"pages of the FHIR door", "sha256"))


def _holder() -> bytes:
    who = caller()
    return f"{who.role}\x1f{who.clinic}\x1f{who.key}".encode()
