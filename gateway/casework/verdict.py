"""What is put together of a case is judged before it is stored, so that nobody is served what breaks its profile."""

from collections.abc import Iterable
from typing import Any, Final

from gateway.core.errors import CaseUnsoundError
from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.validate import validate_bundle

_UNSOUND: Final = (Severity.ERROR, Severity.FATAL)


def refuse_unsound(made: Iterable[dict[str, Any]]) -> None:
    """Raise CaseUnsoundError when any of these breaks R4 or a profile that it claims."""
    entries = [{"fullUrl": f"{BASE}/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in made]
    if not entries:
        return
    issues = validate_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries})
    if broken := next((issue for issue in issues if issue.severity in _UNSOUND), None):
        raise CaseUnsoundError(broken.path)
