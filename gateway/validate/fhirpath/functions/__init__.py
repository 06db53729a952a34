"""The functions of FHIRPath: one table, a name to its row."""

from typing import Final

from gateway.validate.fhirpath.functions import (
    arithmetic,
    conversion,
    existence,
    filtering,
    resource,
    strings,
    subsetting,
)
from gateway.validate.fhirpath.functions.function import Function

FUNCTIONS: Final[dict[str, Function]] = {
    **existence.FUNCTIONS,
    **filtering.FUNCTIONS,
    **subsetting.FUNCTIONS,
    **strings.FUNCTIONS,
    **arithmetic.FUNCTIONS,
    **conversion.FUNCTIONS,
    **resource.FUNCTIONS,
}
