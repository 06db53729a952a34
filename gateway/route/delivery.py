"""One attempt to deliver one transaction over HTTP, bounded in time and size."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError

from gateway.core import fhirjson
from gateway.route import inquiry
from gateway.route.answer import Answer, Verdict, classify, holds
from gateway.route.destination import Destination

_CHUNK: Final = 64 * 1024
_FHIR: Final = "application/fhir+json"


class _TooMuchError(Exception):
    """The answer is longer, or takes longer, than we read."""


def open_session(destination: Destination) -> requests.Session:
    """A session that takes nothing from the environment: no proxies, no .netrc."""
    session = requests.Session()
    session.trust_env = False
    # Identity: an answer that unpacks itself could be larger than the cap on what is read.
    type = inquiry.MEDIA_TYPE if destination.x12 else _FHIR
    session.headers.update({"Accept": type, "Accept-Encoding": "identity", "Content-Type": type})
    if destination.token:
        session.headers["Authorization"] = f"Bearer {destination.token}"
    return session


def deliver(session: requests.Session, destination: Destination, bundle: bytes, now: datetime) -> Answer:
    """Send the transaction once and say what follows. Nothing that the other side does is raised."""
    deadline = time.monotonic() + destination.total_seconds
    sent = [entry["resource"] for entry in fhirjson.read_own(bundle)["entry"]]
    places = [f"{resource['resourceType']}/{resource['id']}" for resource in sent]

    def judged(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        return classify(status, headers, body, places, now)

    answer = _ask(session, "POST", destination, "", bundle, deadline, judged)
    if answer.verdict is not Verdict.VERIFY:
        return answer
    return _read_back(session, destination, dict(zip(places, sent, strict=True)), answer, deadline)


def inquire(session: requests.Session, destination: Destination, question: bytes, now: datetime) -> Answer:
    """Put one question to a clearing house, and say what follows."""
    deadline = time.monotonic() + destination.total_seconds
    answer = _ask(session, "POST", destination, "", question, deadline, partial(inquiry.heard, now=now))
    # What was too long to read was not heard: it is asked again, until it is given up.
    return replace(answer, verdict=Verdict.RETRY) if answer.verdict is Verdict.VERIFY else answer


def _ask(
    session: requests.Session,
    method: str,
    destination: Destination,
    path: str,
    body: bytes | None,
    deadline: float,
    judged: Callable[[int, Mapping[str, str], bytes], Answer],
) -> Answer:
    """One request. No answer, or half of one, is tried again: the same ids are put once more."""
    timeout = (destination.connect_seconds, destination.read_seconds)
    status = None
    try:
        with session.request(
            method, destination.url + path, data=body, timeout=timeout, allow_redirects=False, stream=True
        ) as response:
            status = response.status_code
            return judged(status, response.headers, _body(response, destination.max_answer, deadline))
    except _TooMuchError:
        return Answer(Verdict.VERIFY if status and 200 <= status < 300 else Verdict.RETRY, status)
    except (requests.RequestException, HTTPError, OSError):
        return Answer(Verdict.RETRY, status)


def _body(response: requests.Response, most: int, deadline: float) -> bytes:
    """Read as it comes, so that neither a drip nor a flood holds us."""
    found = bytearray()
    while chunk := response.raw.read1(_CHUNK):
        found += chunk
        if len(found) > most or time.monotonic() > deadline:
            raise _TooMuchError
    return bytes(found)


def _read_back(
    session: requests.Session, destination: Destination, sent: Mapping[str, Any], said: Answer, deadline: float
) -> Answer:
    """Ask for each resource. All there as sent: delivered. Any other: dead, with what the store had said."""
    for place, resource in sent.items():

        def judged(status: int, _: Mapping[str, str], body: bytes, resource: Any = resource) -> Answer:
            if status == 200 and holds(body, resource):
                return Answer(Verdict.DELIVERED)
            return Answer(Verdict.RETRY if status >= 500 or status == 429 else Verdict.DEAD, status)

        verdict = _ask(session, "GET", destination, f"/{place}", None, deadline, judged).verdict
        if time.monotonic() > deadline:
            return Answer(Verdict.RETRY, said.status, body=said.body)
        if verdict is not Verdict.DELIVERED:
            dead = verdict is Verdict.DEAD
            return Answer(Verdict.DEAD if dead else Verdict.RETRY, said.status, body=said.body)
    return Answer(Verdict.DELIVERED, said.status, body=said.body)
