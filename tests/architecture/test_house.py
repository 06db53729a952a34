"""What must be true of the house as a whole, asserted so that nobody has to keep a list."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.core import errors
from gateway.translate import converter as converters

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "gateway").rglob("*.py"))
# A parser library has one home each.
HOMES = {
    "lxml": ("gateway/parse/",),
    "csv": ("gateway/parse/tabular/", "gateway/admin/panes/table.py"),
    "pydicom": ("gateway/parse/dicom/",),
    "jiter": ("gateway/core/fhirjson.py",),
    "sqlalchemy": (
        "gateway/store/", "gateway/audit/", "gateway/services.py", "gateway/worker/", "gateway/casework/",
        "gateway/access/", "gateway/intake/", "gateway/admin/", "gateway/serve/", "gateway/app/", "gateway/__main__.py",
    ),
    "requests": (
        "gateway/route/", "gateway/worker/deliver.py", "gateway/access/", "gateway/command/demo.py",
        "gateway/validate/terminology_server.py",
    ),
    "pickle": (),
}  # fmt: skip


def test_the_error_tree_is_drawn_as_it_is():
    drawn = [line for line in (errors.__doc__ or "").splitlines() if line.strip().endswith("Error")]
    assert drawn == list(_tree(errors.GatewayError, 0))


def test_every_error_has_a_constant_message_and_a_status():
    for one in _all(errors.GatewayError):
        if one.__module__ == errors.__name__:
            assert one.__doc__
            assert 400 <= one.status < 600


@pytest.mark.parametrize("library", HOMES)
def test_a_parser_library_is_known_in_its_home_only(library):
    strangers = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if library in _imports(file) and not str(file.relative_to(ROOT)).startswith(HOMES[library] or ("nowhere",))
    ]
    assert strangers == []


def test_every_door_asks_who_is_calling(app):
    asking = {name for name, hooks in app.before_request_funcs.items() if name and hooks}
    assert set(app.blueprints) - asking <= {"access"}


def test_no_room_knows_what_it_may_not():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def _tree(error: type, depth: int):
    yield "  " * depth + error.__name__
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child, depth + 1)


def _all(error: type):
    for child in error.__subclasses__():
        yield child
        yield from _all(child)


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(
    "format", ["hl7v2", "ccda", "fhir", "form", "ncpdp", "x12", "xdm", "dicom", "icalendar", "vcf"]
)
def test_what_tables_may_name_is_named_by_a_table_or_by_its_room(format):
    tables = " ".join(file.read_text("utf-8") for file in sorted((ROOT / "mappings" / format).rglob("*.yaml")))
    named = set(re.findall(r"(?:as|call|convert): (\w+)", tables))
    for file in sorted((ROOT / "gateway" / "translate" / format).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                named.add(node.id)
    registered = {
        (name, function.__name__)
        for (of, name), function in {**converters._converters, **converters._steps}.items()
        if of == format
    }
    assert {name for name, function in registered if not {name, function} & named} == set()
