"""The command line of the validator: one OperationOutcome for each file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.core import fhirjson
from gateway.core.errors import GatewayError, MalformedMessageError
from gateway.core.outcome import operation_outcome, outcome_of
from gateway.validate.definitions import default_library
from gateway.validate.judge import Judge


def run(files: Sequence[str], profiles: Sequence[str] = (), packages: Sequence[str] = ()) -> Iterator[bytes]:
    """One line of JSON a file; a file that cannot be read has its own outcome and stops nothing."""
    judge = Judge(default_library([Path(one) for one in packages]))
    for file in files:
        try:
            yield fhirjson.write(operation_outcome(judge.judge(_read(Path(file)), profiles)))
        except GatewayError as error:
            yield fhirjson.write(outcome_of(error))


def _read(file: Path) -> object:
    try:
        return fhirjson.read(file.read_bytes())
    except OSError:
        raise MalformedMessageError from None
