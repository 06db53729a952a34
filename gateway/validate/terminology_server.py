"""A terminology server, asked about codes of value sets that cannot be listed here.

It is asked after the judgement, by the command alone, so that judging itself stays pure. Only the value set, the code
system and the code leave the house. An answer is remembered; a server that fails is left in peace for a while, and what
it was not asked is still said to be unchecked.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

import requests

from gateway.core import fhirjson
from gateway.core.errors import ParseError
from gateway.core.issue import Issue, Severity
from gateway.validate.scope import Found, Undecided

TIMEOUT: Final = 2.0  # seconds
_REMEMBERED: Final = 24 * 3600.0
_MOST: Final = 10_000
_FAILURES: Final = 5  # so many
_WITHIN: Final = 30.0  # in so many seconds
_PAUSE: Final = 60.0  # give it a rest of so many
_OUTSIDE: Final = {
    "required": (Severity.ERROR, "code-not-in-value-set", "binding.required"),
    "extensible": (Severity.WARNING, "code-beyond-value-set", "binding.extensible"),
}


class TerminologyServer:
    """Asks `ValueSet/$validate-code` of one server."""

    def __init__(self, base: str, now: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{base.rstrip('/')}/ValueSet/$validate-code"
        self._session = requests.Session()
        self._now = now
        self._answers: dict[tuple[str, str, str], tuple[float, bool]] = {}
        self._failed: list[float] = []
        self._paused_until = 0.0

    def holds(self, value_set: str, system: str, code: str) -> bool | None:
        """Whether a value set has a code; None when nobody can tell."""
        key, now = (value_set, system, code), self._now()
        until, answer = self._answers.get(key, (0.0, False))
        if until > now:
            return answer
        if self._paused_until > now:
            return None
        try:
            found = self._ask(value_set, system, code)
        except (requests.RequestException, ParseError):
            self._failed = [one for one in self._failed if one > now - _WITHIN] + [now]
            if self._paused_until or len(self._failed) >= _FAILURES:  # one trial after a pause, and no more
                self._paused_until = now + _PAUSE
            return None
        self._failed, self._paused_until = [], 0.0
        if found is not None:
            while len(self._answers) >= _MOST:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = now + _REMEMBERED, found
        return found

    def _ask(self, value_set: str, system: str, code: str) -> bool | None:
        asked = {"url": value_set, "system": system, "code": code}
        headers = {"Accept": "application/fhir+json"}
        answer = self._session.get(self._url, params=asked, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise requests.HTTPError
        if answer.status_code != 200:
            return None  # it does not know the value set
        body = fhirjson.read(answer.content)
        told = body.get("parameter", ()) if isinstance(body, dict) else ()
        results = [one.get("valueBoolean") for one in told if isinstance(one, dict) and one.get("name") == "result"]
        return results[0] if results and isinstance(results[0], bool) else None


def settled(found: Found, server: TerminologyServer) -> list[Issue]:
    """The issues of a judgement, with what the server tells of the codes that were left undecided."""
    open_sets, told = set[str](), list[Issue]()
    for one in found.undecided:
        answers = _answers(one, server)
        if True in answers:
            continue
        if None in answers:
            open_sets.add(one.value_set)
        else:
            severity, code, rule = _OUTSIDE[one.strength]
            told.append(Issue(severity, code, one.path, rule, profile=one.profile))
    asked = {one.value_set for one in found.undecided} - open_sets
    kept = [one for one in found.issues if not (one.rule == "binding.not-checked" and one.profile in asked)]
    return kept + told


def _answers(one: Undecided, server: TerminologyServer) -> Sequence[bool | None]:
    """One coding that fits is enough: nothing more is asked then."""
    answers: list[bool | None] = []
    for system, code in one.pairs:
        answers.append(server.holds(one.value_set, system, code))
        if answers[-1]:
            break
    return answers
