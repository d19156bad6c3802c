"""Write docs/events.md and docs/http.md from the code: uv run python docs/generate.py [--check].

--check writes nothing and ends with 1 if a page is not what the code says.
"""

# pyright: strict

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from graph_service.answers import codes_of, reasons_of
from graph_service.app import create_app
from graph_service.graph.session import Graph
from graph_service.ingest import envelope
from graph_service.ingest.envelope import DATA, OWN_EVENTS
from graph_service.ingest.tokens import Tokeniser
from graph_service.openapi import INVALID, openapi_of, operations
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.settings import Settings

Schema = Mapping[str, Any]
FOLDER = Path(__file__).resolve().parent
WRITTEN = "<!-- Written by docs/generate.py; change {} and run it again. -->"
EXAMPLES_START = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=8)))
# How the pattern of a month ends.
MONTHS = "-(0[1-9]|1[0-2])$"
# Bindings are written by their check, which no list of types names.
BINDING = {"referral.bound"}
NAMED: dict[str, tuple[Any, str]] = {
    "id": (envelope.Id, "string, {}, no control characters"),
    "word": (envelope.Word, "string, {}, no control characters"),
    "text": (envelope.Text, "string, {}"),
    "amount": (envelope.Amount, "integer of minor units (fen, cents), {}"),
    "time": (envelope.Time, "string, RFC 3339 with an offset, years 1970 to 2100"),
}


def main() -> int:
    """Write the pages, or compare them."""
    stale = {
        name: text
        for name, text in pages().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv[1:]:
        sys.stdout.writelines(f"docs/{name} is not what the code says\n" for name in stale)
        return 1 if stale else 0
    for name, text in stale.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/{name} written\n")
    return 0


def pages() -> dict[str, str]:
    """Each page's name and text."""
    prose = tomllib.loads((FOLDER / "prose.toml").read_text("utf-8"))
    # The document depends on no setting.
    document = openapi_of(create_app(Settings.model_construct()))
    return {"events.md": events_page(prose, document), "http.md": http_page(prose, document)}


def events_page(prose: Mapping[str, Any], document: Schema) -> str:
    """Every event type with its fields and an example."""
    schemas = document["components"]["schemas"]
    examples = {one["type"]: one for one in example_events(prose)}
    named = [
        (name, form.format(limits(TypeAdapter(kind).json_schema()).removeprefix(", ")))
        for name, (kind, form) in NAMED.items()
    ]
    attributes = [
        [f"`{path}`", event_type_of(field), yes(needed), prose["envelope"][path]]
        for path, field, needed in fields_of(schemas["Envelope"], schemas)
    ]
    lines = [
        "# Events",
        WRITTEN.format("docs/prose.toml or graph_service/ingest/envelope.py"),
        prose["events"]["intro"].strip(),
        table(["attribute", "type", "required", "meaning"], attributes),
        prose["events"]["data"].strip(),
        table(["type", "what it is"], [[f"`{name}`", text] for name, text in named]),
        "## Why an event is rejected",
        table(["code", "meaning"], [[f"`{k}`", v] for k, v in prose["rejections"].items()]),
        "## Types",
    ]
    for group in grouped_types():
        lines += event_section(group, prose, schemas, [examples[one] for one in group])
    return "\n\n".join(lines) + "\n"


def grouped_types() -> list[list[str]]:
    """Types that share a model and follow each other, together."""
    groups: list[list[str]] = []
    for name, model in DATA.items():
        first, *_ = name.split(".")
        if groups and DATA[groups[-1][0]] is model and groups[-1][0].startswith(f"{first}."):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def event_section(
    group: Sequence[str], prose: Mapping[str, Any], schemas: Schema, examples: Sequence[object]
) -> list[str]:
    """Heading, sentence, fields and examples of types that share a model."""
    own: Mapping[str, Any] = prose[group[0]]
    meanings = {**prose["meanings"], **own.get("meanings", {})}
    rows = [
        [f"`{path}`", event_type_of(field), yes(needed), meanings[path]]
        for path, field, needed in fields_of(schemas[DATA[group[0]].__name__], schemas)
    ]
    says = " ".join([own["says"], *filter(None, [consequence(group)])])
    lines = [json.dumps(one, ensure_ascii=False) for one in examples]
    return [
        "### " + ", ".join(group),
        says,
        table(["field", "type", "required", "meaning"], rows),
        "\n".join(["```json", *lines, "```"]),
    ]


def consequence(group: Sequence[str]) -> str:
    """What follows from these types beside what their sentence says."""
    rooms = Pipeline(cast(Graph, None), Tokeniser(b""), seed_plan()).rooms
    used = BINDING | {
        name
        for room in rooms
        for statement in room.statements
        if statement.query != "referrals/store_members"
        for name in statement.types
    }
    active = [name for name in group if name in OWN_EVENTS]
    text = ""
    if active:
        which = "" if active == list(group) else " ({})".format(", ".join(active))
        text = f"Makes the member active{which}."
    if not used.intersection(group):
        text += " " if text else ""
        text += (
            "Nothing else follows from it yet." if active else "Kept; nothing follows from it yet."
        )
    return text


def example_events(prose: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A valid event of each type; together they are a small mall."""
    for number, name in enumerate(DATA, 1):
        yield {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/mall",
            "type": name,
            "time": (EXAMPLES_START + timedelta(minutes=number)).isoformat(),
            "data": prose[name]["data"],
        }


def event_type_of(schema: Schema) -> str:
    """A field's type in the words of the page; null means absent and is not said."""
    for name, (kind, _) in NAMED.items():
        wanted = TypeAdapter(kind).json_schema()
        some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
        if len(some) == 1 and {k: v for k, v in some[0].items() if k != "title"} == wanted:
            return name
    return type_of(schema).removesuffix(" or null")


def http_page(prose: Mapping[str, Any], document: Schema) -> str:
    """Every route with what it takes and answers."""
    schemas = document["components"]["schemas"]
    found = list(operations(cast("dict[str, Any]", document)))
    index = [
        [f"[`{method} {path}`](#{anchor(method, path)})", op["summary"], f"`{scope_of(op)}`"]
        for path, method, op in found
    ]
    reasons = reasons_of() | dict([INVALID])
    statuses = {
        code: status
        for _, _, op in found
        for status, answer in op["responses"].items()
        for code in codes_of(answer)
    }
    codes = [[f"`{code}`", statuses[code], reasons[code]] for code in sorted(statuses)]
    common = set[tuple[str, str]].intersection(
        *(pairs_of(op) for path, _, op in found if path.startswith("/v1/"))
    )
    everywhere = [
        f"{status} {ticked(sorted(code for at, code in common if at == status))}"
        for status in sorted({status for status, _ in common})
    ]
    lines = [
        "# HTTP",
        WRITTEN.format("docs/prose.toml or the endpoints"),
        prose["http"]["intro"].strip(),
        f"Every route under `/v1` may also answer {'; '.join(everywhere)}.",
        table(["route", "what it answers", "scope"], index),
    ]
    shown = {"Problem", "Plan"}
    for path, method, op in found:
        known = common if path.startswith("/v1/") else set[tuple[str, str]]()
        lines += [*route_section(path, method, op, schemas, shown), *errors_of(op, known)]
    problem = [
        [f"`{name}`", type_of(field).removesuffix(" or null"), field.get("description", "")]
        for name, field, _ in fields_of(schemas["Problem"], schemas)
    ]
    lines += [
        "## Errors",
        table(["field", "type", "meaning"], problem),
        table(["code", "status", "meaning"], codes),
    ]
    return "\n\n".join(lines) + "\n"


def route_section(
    path: str, method: str, op: Schema, schemas: Schema, shown: set[str]
) -> list[str]:
    """One route: what it takes, the shape of its answer, its own errors."""
    text = " ".join(str(op.get("description", "")).split())
    question = op["summary"] if op["summary"].endswith("?") else f"{op['summary']}."
    lines = [f"## {method} {path}", f"{question} {text}".strip()]
    parameters = [
        [
            f"`{one['name']}`",
            type_of(one["schema"]).removesuffix(" or null"),
            shown_default(one),
            one.get("description", ""),
        ]
        for one in op.get("parameters", ())
    ]
    if parameters:
        lines.append(table(["parameter", "type", "default", "meaning"], parameters))
    if "requestBody" in op:
        lines += body_of(op["requestBody"], schemas)
    for status, answer in op["responses"].items():
        for media, content in answer.get("content", {}).items() if status < "300" else ():
            told = "Answer" if status == "200" else f"Answer {status}"
            lines += answer_of(told, media, content["schema"], schemas, shown)
    return lines


def errors_of(op: Schema, known: set[tuple[str, str]]) -> list[str]:
    """The errors of a route but for those that are said elsewhere."""
    own = {
        status: [code for code in codes_of(answer) if (status, code) not in known]
        for status, answer in op["responses"].items()
    }
    text = "; ".join(f"{status} {ticked(codes)}" for status, codes in own.items() if codes)
    return [f"Errors: {text}."] if text else []


def pairs_of(op: Schema) -> set[tuple[str, str]]:
    """Status and code of each error of a route."""
    return {
        (status, code) for status, answer in op["responses"].items() for code in codes_of(answer)
    }


def ticked(names: Sequence[str]) -> str:
    """Names as code."""
    return ", ".join(f"`{name}`" for name in names)


def body_of(body: Schema, schemas: Schema) -> list[str]:
    """The body of a request: events, or the fields of an object."""
    media = list(body["content"])
    schema = resolved(body["content"][media[0]]["schema"], schemas)
    listed = ticked(media)
    if schema is schemas["Plan"]:
        return [f"Body ({listed}): a plan, as [plan.md](plan.md) says."]
    if "oneOf" in schema:
        return [f"Body ({listed}): one event or an array, as [events.md](events.md) says."]
    rows = [
        [f"`{path}`", type_of(field), yes(needed), field.get("description", "")]
        for path, field, needed in fields_of(schema, schemas)
    ]
    if not rows:
        return [f"Body ({listed}): as its sender documents it."]
    return [f"Body ({listed}):", table(["field", "type", "required", "meaning"], rows)]


def answer_of(told: str, media: str, schema: Schema, schemas: Schema, shown: set[str]) -> list[str]:
    """The shape of an answer; what was shown above is named only."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if media != "application/json" or not name:
        return [f"{told}: `{media}`."]
    if name in shown:
        return [f"{told}: `{name}`, as above."]
    shown.add(name)
    rows = [
        [f"`{path}`", type_of(field), field.get("description", "")]
        for path, field, _ in fields_of(schemas[name], schemas, shown)
    ]
    return [f"{told}: `{name}`", table(["field", "type", "meaning"], rows)]


def fields_of(
    schema: Schema, schemas: Schema, shown: set[str] | None = None, prefix: str = ""
) -> Iterator[tuple[str, Schema, bool]]:
    """Each field's path, schema and whether it is required; of nested objects too."""
    for name, field in schema.get("properties", {}).items():
        yield prefix + name, field, name in schema.get("required", ())
        for one in field.get("anyOf", [field]):
            item = one.get("items", one)
            below = str(item.get("$ref", "")).rpartition("/")[2]
            if below and below not in (shown or ()):
                mark = "[]." if "items" in one else "."
                yield from fields_of(schemas[below], schemas, shown, f"{prefix}{name}{mark}")


def resolved(schema: Schema, schemas: Schema) -> Schema:
    """The schema that a reference names, also where null may stand in its place."""
    some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return schemas[some[0]["$ref"].rpartition("/")[2]] if "$ref" in some[0] else schema


def type_of(schema: Schema) -> str:
    """A schema's type and limits in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return ticked([str(value) for value in schema.get("enum", [schema.get("const")])])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "any JSON" if name == "JsonValue" else "object"
    if schema.get("type") == "array":
        many = limits(schema).replace(",", ";", 1)
        return f"array of {type_of(schema['items'])}{many and many + ' of them'}"
    kind = {"date-time": "time"}.get(schema.get("format", ""), str(schema.get("type", "any JSON")))
    return kind + limits(schema)


def limits(schema: Schema) -> str:
    """How small and how large, in words; empty if there is no limit."""
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("exclusiveMinimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", ""),
    ):
        if high in schema and (low in schema or low != "minimum"):
            # Only integers have an exclusive limit.
            least = schema.get(low, 0) + (low == "exclusiveMinimum")
            return f", {least:,.0f} to {schema[high]:,.0f}{unit}"
    return ", `YYYY-MM`" if MONTHS in schema.get("pattern", "") else ""


def shown_default(parameter: Schema) -> str:
    """The default of a parameter."""
    if parameter["required"]:
        return "required"
    value = parameter["schema"].get("default")
    return "" if value is None else f"`{json.dumps(value)}`"


def scope_of(op: Schema) -> str:
    """The scope that a route needs."""
    return str(op["security"][0]["key"][0]) if "security" in op else "none"


def anchor(method: str, path: str) -> str:
    """The address of a route's heading within the page, as GitHub makes it."""
    kept = "".join(one for one in f"{method} {path}".lower() if one.isalnum() or one in " -_")
    return kept.replace(" ", "-")


def yes(needed: bool) -> str:  # noqa: FBT001
    """Whether a field is required, in a table."""
    return "yes" if needed else ""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    cells = [heads, ["---"] * len(heads), *rows]
    return "\n".join("".join(f"| {one} " if one else "| " for one in row) + "|" for row in cells)


if __name__ == "__main__":
    raise SystemExit(main())
