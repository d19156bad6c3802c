"""docs/plan.md has every field with its default, and every warning."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from graph_service.plans.document import Plan
from graph_service.plans.member import words

PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")
REQUIRED = "required"


def fields_of(schema: dict[str, Any], shapes: dict[str, Any], prefix: str = "") -> Iterator[Any]:
    """Path and default of each field; of a nested one those of its fields."""
    for name, field in schema["properties"].items():
        path = prefix + name
        inner = cast("dict[str, Any]", field.get("items", field))
        shape = shapes.get(str(inner.get("$ref", "")).rpartition("/")[2])
        if shape is None or "items" in field:
            yield path, REQUIRED if name in schema.get("required", ()) else field.get("default")
        if shape is not None:
            yield from fields_of(shape, shapes, f"{path}[]." if "items" in field else f"{path}.")


def test_every_field_is_there_with_its_default() -> None:
    schema = Plan.model_json_schema(by_alias=True, mode="serialization")
    rows = re.findall(r"^\| `([\w.\[\]]+)` \| (`[^`]*`|required) \|", PAGE, re.MULTILINE)

    told = {
        path: REQUIRED if default == REQUIRED else json.loads(default.strip("`"))
        for path, default in rows
    }

    assert told == dict(fields_of(schema, schema["$defs"]))


def test_every_warning_is_there() -> None:
    section = PAGE.partition("## Warnings")[2]

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(words()["en"]["warnings"])
