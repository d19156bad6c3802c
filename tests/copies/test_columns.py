"""Are values written so that the import reads the same?"""

from pathlib import Path

import pytest

from graph_service.bulk.parsing import COLUMN
from graph_service.bulk.sheets import QUOTE
from graph_service.copies.columns import CopySheets, number_of, typed
from graph_service.errors import GraphError


def quoted(text: str) -> str:
    return f"{QUOTE}{text}{QUOTE}"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, "boolean", "true"),
        (7, "long", "7"),
        (0.1, "double", "0.1"),
        ("", "string", quoted("")),
        (f"a{QUOTE}b", "string", quoted(f"a{QUOTE}{QUOTE}b")),
        (["a", "b"], "string[]", quoted("a\x1eb")),
        ([1, 2], "long[]", quoted("1\x1e2")),
    ],
)
def test_a_value_has_its_type_and_text(value: object, kind: str, text: str) -> None:
    assert typed(value) == (kind, text)


@pytest.mark.parametrize("value", [["a\x1eb"], [1, "a"]])
def test_a_list_that_no_file_can_hold_is_refused(value: object) -> None:
    with pytest.raises(GraphError, match="cannot be copied"):
        typed(value)


def test_the_number_of_a_node_is_the_last_part_of_its_id() -> None:
    assert number_of("4:0b1c-22:105") == "105"


def test_a_new_column_begins_a_new_file(tmp_path: Path) -> None:
    with CopySheets(tmp_path) as sheets:
        sheets.add_node("4:s:1", ["Product"], {"productId": "a"})
        sheets.add_node("4:s:2", ["Product"], {"productId": "b", "price": 5})
        sheets.add_node("4:s:3", ["Product"], {"productId": "c"})

    assert (tmp_path / "nodes-0-0").read_text().splitlines() == [
        COLUMN.join([":ID", "productId:string"]),
        COLUMN.join(["1", quoted("a")]),
    ]
    assert (tmp_path / "nodes-0-1").read_text().splitlines() == [
        COLUMN.join([":ID", "productId:string", "price:long"]),
        COLUMN.join(["2", quoted("b"), "5"]),
        COLUMN.join(["3", quoted("c"), ""]),
    ]


def test_only_files_with_lines_within_a_value_are_read_as_such(tmp_path: Path) -> None:
    with CopySheets(tmp_path) as sheets:
        sheets.add_node("4:s:1", ["Product"], {"productId": "a"})
        sheets.add_node("4:s:2", ["Hold"], {"reason": "one\ntwo"})
        sheets.add_relationship("HOLDS", "4:s:2", "4:s:1", {})

    told = sheets.arguments()

    assert f"--multiline-fields={tmp_path / 'nodes-1-0'}" in told
    assert told[-1] == f"--relationships=HOLDS={tmp_path / 'relationships-HOLDS-0'}"


def test_a_property_of_two_types_is_refused(tmp_path: Path) -> None:
    with CopySheets(tmp_path) as sheets:
        sheets.add_node("4:s:1", ["Product"], {"price": 5})
        with pytest.raises(GraphError, match="price"):
            sheets.add_node("4:s:2", ["Product"], {"price": "five"})


def test_a_role_is_a_label_too(tmp_path: Path) -> None:
    with CopySheets(tmp_path) as sheets:
        sheets.add_node("4:s:1", ["Member"], {"role": "partner"})
        sheets.add_node("4:s:2", ["Member"], {"role": "member"})

    assert [one.partition("=")[2].partition("=")[0] for one in sheets.arguments()[-2:]] == [
        "Member:Partner",
        "Member",
    ]
