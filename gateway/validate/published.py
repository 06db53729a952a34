"""Writes `CodeSystem-so-rule.json`, the codes of all issues and errors: `python -m gateway.validate.published`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gateway.core.errors import GatewayError
from gateway.core.issue import MESSAGES
from gateway.core.outcome import RULES

FILE: Final = Path(__file__).resolve().parents[2] / "fhir_profiles" / "CodeSystem-so-rule.json"


def rule_codes() -> dict[str, str]:
    """Every code that an OperationOutcome of ours can carry, with its constant text."""
    codes = {code: text for code, (_, text) in MESSAGES.items()}
    return {**codes, **{one("").code: one("").message for one in _errors(GatewayError)}}


def code_system() -> str:
    """The published code system, one line a code."""
    codes = sorted(rule_codes().items())
    head = {
        "resourceType": "CodeSystem",
        "id": "so-rule",
        "url": RULES,
        "version": "1.0.0",
        "name": "SoRule",
        "title": "Issues and errors",
        "status": "active",
        "experimental": False,
        "publisher": "Second Opinion",
        "description": "What the gateway can say of a submission, a resource or a request.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(codes),
    }
    lines = [f"  {_json(name)}: {_json(value)}" for name, value in head.items()]
    concepts = ",\n    ".join(_json({"code": code, "display": text}) for code, text in codes)
    return "{\n" + ",\n".join(lines) + f',\n  "concept": [\n    {concepts}\n  ]\n}}\n'


def _errors(base: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for one in base.__subclasses__():
        if one.__init__ is GatewayError.__init__:
            yield one
        yield from _errors(one)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    FILE.write_text(code_system(), encoding="utf-8")
