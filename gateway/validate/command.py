"""The command line of the validator: one OperationOutcome for each file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.core import fhirjson
from gateway.core.errors import GatewayError, MalformedMessageError
from gateway.core.issue import Issue
from gateway.core.outcome import operation_outcome, outcome_of
from gateway.validate.definitions import default_library
from gateway.validate.judge import Judge
from gateway.validate.scope import Found

Told = Callable[[Found], list[Issue]]  # all that is said of what was found


def run(
    files: Sequence[str],
    profiles: Sequence[str] = (),
    packages: Sequence[str] = (),
    terminology: str = "",
    *,
    second_opinion: bool = False,
) -> Iterator[bytes]:
    """One line of JSON a file; a file that cannot be read has its own outcome and stops nothing."""
    judge = Judge(default_library([Path(one) for one in packages]))
    issues = _with_server(terminology) if terminology else _alone
    issues = _with_models(issues) if second_opinion else issues
    for file in files:
        try:
            found = judge.examine(_read(Path(file)), profiles)
            yield fhirjson.write(operation_outcome(issues(found)))
        except GatewayError as error:
            yield fhirjson.write(outcome_of(error))


def _alone(found: Found) -> list[Issue]:
    return found.issues


def _with_models(issues: Told) -> Told:
    """The models are asked about a resource in which we found nothing wrong."""
    from gateway.validate.model import disagreements  # takes longer to load than all the rest

    return lambda found: issues(found) if found.heavy else [*issues(found), *disagreements(found.whole)]


def _with_server(address: str) -> Told:
    from gateway.validate.terminology_server import TerminologyServer, settled  # an HTTP client takes time to load

    server = TerminologyServer(address)
    return lambda found: settled(found, server)


def _read(file: Path) -> object:
    try:
        return fhirjson.read(file.read_bytes())
    except OSError:
        raise MalformedMessageError from None
