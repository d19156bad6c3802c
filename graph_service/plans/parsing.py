"""From the text of a plan, JSON or YAML, to the plan."""

from typing import Any, cast

from pydantic_core import from_json
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import ScalarNode

from graph_service.errors import Malformed
from graph_service.plans.document import Plan

DEPTH_MAX = 20


class _TextConstructor(SafeConstructor):
    """Leaves decimals and times as they are written, for the plan to read them exactly."""


def _as_written(_: object, node: ScalarNode) -> str:
    return str(cast(Any, node).value)


for _tag in ("float", "timestamp"):
    _TextConstructor.add_constructor(f"tag:yaml.org,2002:{_tag}", _as_written)  # pyright: ignore[reportUnknownMemberType]


def parse_plan(text: bytes, *, is_yaml: bool) -> Plan:
    """The plan that a text says. Raises Malformed, or pydantic's ValidationError with places."""
    return Plan.model_validate(_yaml(text) if is_yaml else _json(text))


def _json(text: bytes) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as fault:
        raise Malformed(f"it is not JSON in UTF-8: {fault}") from fault


def _yaml(text: bytes) -> object:
    """YAML 1.2 of one document without aliases, which could make a small text a huge one."""
    try:
        spelled = text.decode("utf-8")
        depth = 0
        reader: Any = YAML(typ="safe", pure=True)
        for event in reader.parse(spelled):
            if isinstance(event, AliasEvent):
                raise Malformed("a plan in YAML has no aliases")
            depth += {
                "MappingStart": 1,
                "SequenceStart": 1,
                "MappingEnd": -1,
                "SequenceEnd": -1,
            }.get(type(event).__name__.removesuffix("Event"), 0)
            if depth > DEPTH_MAX:
                raise Malformed(f"a plan is not nested deeper than {DEPTH_MAX}")
        loader: Any = YAML(typ="safe", pure=True)
        loader.Constructor = _TextConstructor
        return cast(object, loader.load(spelled))
    except (YAMLError, ValueError) as fault:
        raise Malformed(f"it is not YAML in UTF-8: {' '.join(str(fault).split())}"[:500]) from fault
