"""A mapping file says how an extract differs; whatever is wrong in it is said by line and field."""

from pathlib import Path

import extracts
import pytest

from lamplighter.errors import InvalidInput
from lamplighter.intake.mapping import read_mapping


def test_columns_and_codes_take_the_names_of_the_extract_or_the_declared_ones(tmp_path: Path) -> None:
    text = "files:\n  service_points:\n    columns: {service_point_id: SP, service_location_id: PREMISE}\n"
    mapping = read_mapping(extracts.alone(tmp_path, "mapping.yaml", text)).of("service_points")
    assert mapping.columns == {"SP": "usage_point_id", "PREMISE": "service_location_id"}


def test_a_code_that_looks_like_a_flag_or_a_number_stays_text(tmp_path: Path) -> None:
    text = "files:\n  customers:\n    codes: {kind: {Y: residential, 007: commercial}}\n"
    assert read_mapping(extracts.alone(tmp_path, "mapping.yaml", text)).of("customers").codes == {
        "kind": {"Y": "residential", "007": "commercial"}
    }


@pytest.mark.parametrize(("text", "sentence"), [
    ("files:\n  custmers: {}\n", r"mapping.yaml, line 2 \(files.custmers\).*Did you mean “customers”"),
    ("files:\n  customers:\n    delimeter: ';'\n", r"line 3 \(files.customers.delimeter\).*Did you mean “delimiter”"),
    ("files:\n  customers:\n    columns:\n      custmer_id: NR\n",
     r"line 4 .*no column “custmer_id”. Did you mean “customer_id”"),
    ("files:\n  customers:\n    codes: {kind: {P: residental}}\n",
     r"line 3 .*“residental” is no value of kind. Did you mean “residential”"),
    ("files:\n  customers:\n    encoding: latin-9000\n", r"line 3 .*no encoding “latin-9000”"),
    ("files:\n  customers:\n    timezone: Berlin\n", r"line 3 .*no time zone “Berlin”"),
    ("files:\n  customers:\n    delimiter: '||'\n", "a delimiter is one character"),
    ("files:\n  customers:\n    columns: [a, b]\n", "pairs “name: value” are expected"),
    ("files:\n  customers: [\n", "mapping.yaml, line"),
    ("- a\n", "holds no fields"),
])  # fmt: skip
def test_a_mistake_is_named_by_line_field_and_nearest_name(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_mapping(extracts.alone(tmp_path, "mapping.yaml", text))
