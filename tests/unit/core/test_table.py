"""gateway/core/table.py"""

import pytest
from marshmallow import Schema, fields

from gateway.core.errors import MappingTableError
from gateway.core.table import load, refuse_unless


class _Table(Schema):
    facts = fields.List(fields.String(validate=refuse_unless({"stage-four"}.__contains__)))


def test_a_table_that_names_what_nobody_defined_is_refused(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("facts: [stage-four]", "utf-8")
    assert load(file, _Table()) == {"facts": ["stage-four"]}
    file.write_text("facts: [stage-five]", "utf-8")
    with pytest.raises(MappingTableError):
        load(file, _Table())
