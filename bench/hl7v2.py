"""HL7 v2 read and converted, beside the peers that are installed: how many times the floor each takes, never seconds.

    python -m bench.hl7v2 [FOLDER]        messages of a folder; without one, those of tests/fixtures

The floor is splitting the decoded text into segments and fields. Peers (bench/peers.txt) are asked for what they do by
themselves: a parsed message, or a bundle as JSON.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gateway
from bench.side_by_side import Subject, Work, report
from gateway.parse import hl7v2

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "hl7v2"


def text(body: bytes) -> str:
    """The message as one string with CR between segments, which is what the peers ask for."""
    return body.decode("utf-8", "replace").replace("\r\n", "\r").replace("\n", "\r")


def split(body: bytes) -> Callable[[], object]:
    """The floor; decoding is not counted."""
    said = text(body)
    return lambda: [segment.split("|") for segment in said.split("\r") if segment]


def settled(body: bytes) -> object:
    """Our parser with every segment in its group, and every leaf with its locator and the span of its bytes."""
    return [(message.root, list(message.leaves())) for message in hl7v2.parse(body)]


def python_hl7() -> Work:
    hl7: Any = importlib.import_module("hl7")
    return lambda body: hl7.parse(text(body))


def hl7apy() -> Work:
    parser: Any = importlib.import_module("hl7apy.parser")
    return lambda body: parser.parse_message(text(body), find_groups=False)


def hl7lw() -> Work:
    parser: Any = importlib.import_module("hl7lw").Hl7Parser(
        allow_unterminated_last_segment=True, ignore_invalid_segments=True
    )
    return lambda body: parser.parse_message(text(body))


def bridge_parser() -> Work:
    parser: Any = importlib.import_module("v2fhir.hl7.parser")
    return lambda body: parser.parse(text(body))


def bridge() -> Work:
    config: Any = importlib.import_module("v2fhir.config")
    convert: Any = importlib.import_module("v2fhir.convert")
    parser: Any = importlib.import_module("v2fhir.hl7.parser")
    chosen = config.load_config(config.default_config_path(), {})

    def work(body: bytes) -> object:
        message = parser.parse_bytes(body, chosen.default_charset, chosen.fallback_charsets)
        return json.dumps(convert.convert(message, chosen, None).bundle, default=str)

    return work


def brightohir() -> Work:
    peer: Any = importlib.import_module("brightohir")
    return lambda body: json.dumps(peer.v2_to_r5(text(body)), default=str)


PARSERS: tuple[Subject, ...] = (
    ("ours: segments found", "gateway", lambda: hl7v2.parse),
    ("ours: groups and all leaves", "gateway", lambda: settled),
    ("hl7lw", "hl7lw", hl7lw),
    ("hl7v2-fhir-bridge", "v2fhir", bridge_parser),
    ("hl7 (python-hl7)", "hl7", python_hl7),
    ("hl7apy", "hl7apy", hl7apy),
)
CONVERTERS: tuple[Subject, ...] = (
    ("ours: R4, account of all leaves", "gateway", lambda: lambda body: gateway.convert(body).to_json()),
    ("hl7v2-fhir-bridge: R4", "v2fhir", bridge),
    ("brightohir: R5", "brightohir", brightohir),
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    bodies = [file.read_bytes() for file in sorted(folder.rglob("*.hl7"))]
    for title, subjects in (("parse", PARSERS), ("convert", CONVERTERS)):
        report(f"{title}, times the split of {len(bodies)} messages into fields", subjects, bodies, split)


if __name__ == "__main__":
    main()
