"""Everything that can stop one submission or one request.

GatewayError
  StartupError
    SettingsError
    MappingTableError
    PackageError
  AccessError
    UnknownCallerError
    ForbiddenError
  IntakeError
    UnsupportedFormatError
    TooLargeError
    KeyReusedError
    ThrottledError
  RequestError
    MethodNotAllowedError
    NotAcceptableError
    PreconditionFailedError
    UnknownParameterError
    UnknownModifierError
    UnreadableValueError
    UnreadablePageError
    ExpiredPageError
  ParseError
    MalformedMessageError
    UnsafeXmlError
    UnsafeJsonError
    UnknownCharsetError
    UnsafePackageError
    DocumentDiffersError
  TranslateError
    NoMappingError
    MultiPatientError
    NonProductionError
  ValidationError
  MatchError
    AmbiguousPatientError
    UnnamedPatientError
    UnknownOrderError
    ReferralConflictError
    PatientConflictError
    KeptApartError
  ConsentError
    ConsentMissingError
    SensitiveHoldError
  CaseError
    IllegalTransitionError
    CaseUnsoundError
  StoreError
    NotFoundError
    GoneError
    VersionConflictError
    LeaseLostError
    StoreFullError
  RouteError
    RefusedByDestinationError

The docstring of a class is its message, so no message can carry what a sender wrote.
"""

from collections.abc import Iterable
from typing import ClassVar


class GatewayError(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    issue_type: ClassVar[str] = "exception"
    retryable: ClassVar[bool] = False

    def __init__(self, place: str = "") -> None:
        """Keep the place of the trouble: a locator, a parameter's name, a line; never a value."""
        super().__init__(self.message)
        self.place = place

    @property
    def message(self) -> str:
        """The class's docstring, the one text of this error."""
        return (type(self).__doc__ or "").strip()

    @property
    def code(self) -> str:
        """The stable kebab-case code, made from the class's name."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).strip("-")


class StartupError(GatewayError):
    """The gateway cannot start."""


class SettingsError(StartupError):
    """A setting is missing or wrong."""


class MappingTableError(StartupError):
    """A mapping table is wrong."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        """Name the table's file, its line and what is wrong; tables hold no patient's data."""
        super().__init__(f"{file}:{line}: {reason}")

    def __str__(self) -> str:
        return f"{self.message} {self.place}"


class PackageError(StartupError):
    """A package of FHIR definitions is missing or not the one expected."""


class AccessError(GatewayError):
    """The caller could not be let in."""

    status = 401
    issue_type = "login"


class UnknownCallerError(AccessError):
    """The request carries no key that we know."""


class ForbiddenError(AccessError):
    """The caller is known, and this is not allowed to them."""

    status = 403
    issue_type = "forbidden"


class IntakeError(GatewayError):
    """The submission cannot be taken as it is."""

    status = 400
    issue_type = "invalid"


class UnsupportedFormatError(IntakeError):
    """The content is of no kind that we translate."""

    status = 415
    issue_type = "not-supported"


class TooLargeError(IntakeError):
    """The content is larger than we take."""

    status = 413
    issue_type = "too-long"


class KeyReusedError(IntakeError):
    """The idempotency key was used before, with other content."""

    status = 422
    issue_type = "duplicate"


class ThrottledError(IntakeError):
    """Too many requests in too short a time."""

    status = 429
    issue_type = "throttled"
    retryable = True


class RequestError(GatewayError):
    """The request cannot be understood."""

    status = 400
    issue_type = "invalid"


class MethodNotAllowedError(RequestError):
    """This address does not take this method."""

    status = 405
    issue_type = "not-supported"


class NotAcceptableError(RequestError):
    """We cannot answer in the format asked for."""

    status = 406
    issue_type = "not-supported"


class PreconditionFailedError(RequestError):
    """A condition of the request does not hold."""

    status = 412
    issue_type = "conflict"


class UnknownParameterError(RequestError):
    """There is no such parameter here."""

    issue_type = "not-supported"


class UnknownModifierError(RequestError):
    """The parameter does not take this modifier."""

    issue_type = "not-supported"


class UnreadableValueError(RequestError):
    """The parameter does not take such a value."""

    issue_type = "value"


class UnreadablePageError(RequestError):
    """The address of this page was not made by us, or not for this caller."""


class ExpiredPageError(RequestError):
    """The address of this page has expired; search again."""

    status = 410
    issue_type = "expired"


class ParseError(GatewayError):
    """The content breaks the rules of its format."""

    status = 400
    issue_type = "structure"


class MalformedMessageError(ParseError):
    """The content is not a well-formed message or document."""


class UnsafeXmlError(ParseError):
    """The XML holds something that we refuse: a document type, too much depth, too many elements."""


class UnsafeJsonError(ParseError):
    """The JSON holds something that we refuse: a repeated key, too much depth, a number that is none."""


class UnknownCharsetError(ParseError):
    """The content is in a character encoding that we do not read."""

    status = 415


class UnsafePackageError(ParseError):
    """The package holds something that we refuse: a place outside it, an archive, too many files or too much."""


class DocumentDiffersError(ParseError):
    """A document of the package is not the one that its cover describes: its hash or its size differs."""


class TranslateError(GatewayError):
    """The content cannot be translated."""

    status = 422
    issue_type = "processing"


class NoMappingError(TranslateError):
    """There is no mapping for this kind of content."""

    issue_type = "not-supported"


class MultiPatientError(TranslateError):
    """One submission speaks of more than one patient."""

    issue_type = "multiple-matches"


class NonProductionError(TranslateError):
    """The message is for test, debugging or training, and such are not taken from this sender."""

    issue_type = "business-rule"


class ValidationError(GatewayError):
    """What came out breaks the rules of its profile."""

    status = 422
    issue_type = "invariant"


class MatchError(GatewayError):
    """The patient could not be told apart from others."""

    status = 409
    issue_type = "conflict"

    def __init__(self, place: str = "", *, told: Iterable[tuple[str, str]] = ()) -> None:
        """Keep the ids of the resources that it is about, each with that of the patient whom it names, if any."""
        super().__init__(place)
        self.told = frozenset(told)


class AmbiguousPatientError(MatchError):
    """More than one patient fits."""

    issue_type = "multiple-matches"


class UnnamedPatientError(MatchError):
    """It does not say whom it is about: it names no patient, and no case of this clinic."""

    issue_type = "required"


class UnknownOrderError(MatchError):
    """It changes an order by its number, and this clinic never sent that order."""

    issue_type = "not-found"


class ReferralConflictError(MatchError):
    """The number of the referral is known, and for another patient."""


class PatientConflictError(MatchError):
    """The submission says of one patient what is known of another, or what cannot be of one."""


class KeptApartError(MatchError):
    """A person has said of two of those who would become one that they are not the same."""


class ConsentError(GatewayError):
    """The patient's consent is awaited."""

    status = 409
    issue_type = "suppressed"


class ConsentMissingError(ConsentError):
    """A relative or caregiver sent it, and that the patient knows and agrees is not recorded."""


class SensitiveHoldError(ConsentError):
    """It is under special protection (42 CFR Part 2), and the patient's consent to its disclosure is not recorded."""


class CaseError(GatewayError):
    """The case does not allow this step."""

    status = 409
    issue_type = "business-rule"


class IllegalTransitionError(CaseError):
    """The case is in a state that this step does not lead from, or the step is not the caller's to take."""


class CaseUnsoundError(CaseError):
    """What was put together of the case breaks a rule of its profile, so nothing of it was stored."""

    status = 500
    issue_type = "invariant"


class StoreError(GatewayError):
    """The store did not answer as it should."""

    status = 503
    issue_type = "transient"
    retryable = True


class NotFoundError(StoreError):
    """There is no such thing here."""

    status = 404
    issue_type = "not-found"
    retryable = False


class GoneError(StoreError):
    """It was here and was deleted."""

    status = 410
    issue_type = "deleted"
    retryable = False


class VersionConflictError(StoreError):
    """Somebody else changed it in between."""

    status = 412
    issue_type = "conflict"
    retryable = False


class LeaseLostError(StoreError):
    """Another worker has taken this work over."""

    status = 409
    issue_type = "conflict"
    retryable = False


class StoreFullError(StoreError):
    """The store has no room left."""

    status = 507
    issue_type = "no-store"
    retryable = True


class RouteError(GatewayError):
    """The destination could not be reached or did not answer."""

    status = 502
    issue_type = "transient"
    retryable = True


class RefusedByDestinationError(RouteError):
    """The destination refused what we sent."""

    issue_type = "processing"
    retryable = False


def messages() -> dict[str, str]:
    """The text of every error by its code."""
    found: dict[str, str] = {}
    waiting: list[type[GatewayError]] = [GatewayError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        blank = kind.__new__(kind)
        found[blank.code] = blank.message
    return found
