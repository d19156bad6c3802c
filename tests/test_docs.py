"""What the pages tell people is there, and is what the code says."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from docs.generate import fields_of, pages
from graph_service.answers import codes_of
from graph_service.app import create_app
from graph_service.cli import app
from graph_service.ingest.envelope import DATA
from graph_service.ingest.facts import Rejection, parse_event
from graph_service.ingest.store import REPEATS
from graph_service.ingest.tokens import Tokeniser
from graph_service.openapi import openapi_of, operations
from graph_service.settings import Settings
from tests.graph.model import MODEL
from tests.test_settings import variables

DOCUMENT = openapi_of(create_app(Settings.model_construct()))
BIN = Path(sys.executable).parent
OF_THE_SYSTEM = {"python3", "curl"}
ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "README.zh.md")
COMMANDS = (
    "demo",
    "world",
    "serve",
    "load",
    "verify",
    "compliance",
    "bench",
    "keys create",
    "keys list",
    "plan check",
    "payouts send",
    "payouts reconcile",
    "payouts list",
    "persons evaluate",
    "simulate",
    "evaluate",
    "examine",
    "scan",
    "snapshot",
    "train",
    "train replay",
    "neo4j start",
    "neo4j refresh",
)


@pytest.mark.parametrize("page", PAGES)
def test_the_front_page_names_commands_that_there_are(page: str) -> None:
    named = set(
        re.findall(
            r"`graph-service ([a-z0-9]+(?: start| create)?)", (ROOT / page).read_text("utf-8")
        )
    )

    assert named == {"serve", "load", "verify", "scan", "keys create", "neo4j start"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_worth_reading(command: str) -> None:
    code = "from graph_service.cli import main; main()"
    arguments = [sys.executable, "-c", code, *command.split(), "--help"]

    shown = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)

    assert f"{command} [OPTIONS]" in " ".join(shown.stdout.split())


ALL_PAGES = [
    *(one.name for one in ROOT.glob("*.md")),
    *(str(one.relative_to(ROOT)) for one in (ROOT / "docs").rglob("*.md")),
]
# Pages that tell people what to type and where to look.
GUIDES = [*PAGES, "CONTRIBUTING.md"]


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", ALL_PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    file = ROOT / page
    links = re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", file.read_text("utf-8"))

    dead = [
        (link, anchor)
        for link, anchor in links
        if not (target := file.parent / link if link else file).exists()
        or (anchor and anchor not in anchors(target))
    ]

    assert dead == []


def test_the_generated_pages_are_what_the_code_says() -> None:
    stale = [name for name, text in pages().items() if text != text_of(f"docs/{name}")]

    assert stale == [], "run docs/generate.py"


def examples() -> list[dict[str, Any]]:
    lines = re.findall(r"^\{.+\}$", text_of("docs/events.md"), re.MULTILINE)
    return [json.loads(line) for line in lines]


def test_every_event_type_has_its_place_and_an_example() -> None:
    heads = re.findall(r"^### (.+)$", text_of("docs/events.md"), re.MULTILINE)

    assert [name for head in heads for name in head.split(", ")] == list(DATA)
    assert [one["type"] for one in examples()] == list(DATA)


def test_every_example_of_an_event_is_accepted() -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(one, place, tokeniser) for place, one in enumerate(examples())]

    assert [one for one in parsed if isinstance(one, Rejection)] == []


@pytest.mark.anyio
async def test_the_examples_together_are_stored_without_a_contradiction(
    store: Callable[[list[dict[str, Any]]], Awaitable[list[str]]],
) -> None:
    assert set(await store(examples())) == {"accepted"}


def test_the_prose_of_events_has_nothing_that_the_models_do_not_have() -> None:
    prose = tomllib.loads(text_of("docs/prose.toml"))
    schemas = DOCUMENT["components"]["schemas"]
    fields = {
        name: {path for path, _, _ in fields_of(schemas[model.__name__], schemas)}
        for name, model in DATA.items()
    }

    assert {name for name in prose if "." in name} == set(DATA)
    assert set(prose["envelope"]) == set(schemas["Envelope"]["properties"])
    assert set(prose["meanings"]) <= set().union(*fields.values())
    own = {name: set(prose[name].get("meanings", {})) - fields[name] for name in DATA}
    assert {name: odd for name, odd in own.items() if odd} == {}


def test_the_reasons_of_rejections_are_those_of_the_code() -> None:
    code = "".join(one.read_text("utf-8") for one in (ROOT / "graph_service").rglob("*.py"))
    named = set(re.findall(r"Problem\(\s*\"(\w+)\"", code)) - {REPEATS.code}

    assert set(tomllib.loads(text_of("docs/prose.toml"))["rejections"]) == named


def test_every_route_has_its_place() -> None:
    heads = set(re.findall(r"^## ([A-Z]+ /.*)$", text_of("docs/http.md"), re.MULTILINE))

    assert heads == {f"{method} {path}" for path, method, _ in operations(DOCUMENT)}


def test_only_events_are_told_to_be_sent_as_events() -> None:
    sections = re.split(r"^## ", text_of("docs/http.md"), flags=re.MULTILINE)

    told = [one.partition("\n")[0] for one in sections if "(events.md)" in one]

    assert told == ["POST /v1/events"]


def test_every_code_of_the_routes_is_explained() -> None:
    text = text_of("docs/http.md")
    named = {
        code
        for _, _, operation in operations(DOCUMENT)
        for answer in operation["responses"].values()
        for code in codes_of(answer)
    }

    assert [code for code in sorted(named) if f"\n| `{code}` |" not in text] == []


def test_the_drawn_model_has_the_labels_and_types_of_the_tables() -> None:
    text = text_of("docs/graph-model.md")
    drawing = text.partition("```mermaid")[2].partition("```")[0]
    alone = re.search(r"^(`\w+`.*) stand alone\.$", text, re.MULTILINE)
    assert alone is not None
    edge = r"^  (\w+) (?:--|-\.) (.+?) (?:-->|\.->) (\w+)"
    edges = re.findall(edge, drawing, re.MULTILINE)
    further = re.findall(r"(\w+)\[(\w+)<br>([\w, ]+)\]", drawing)

    drawn = {(kind, a, b) for a, kinds, b in edges for kind in kinds.split("<br>")}

    assert len(edges) == len(drawing.strip().splitlines()) - 1
    assert drawn == {
        (kind, a, b) for kind, (froms, tos) in MODEL.ends.items() for a in froms for b in tos
    }
    labels = {one for _, a, b in drawn for one in (a, b)}
    assert labels | set(re.findall(r"\w+", alone[1])) - {"and"} == set(MODEL.keys)
    parents = {one: label for label, again, ones in further for one in ones.split(", ") if again}
    assert parents | {"Pending": "Fact"} == MODEL.parents


def commands(page: str) -> list[list[str]]:
    """What a page tells people to type: lines of its shell blocks and code between ticks."""
    text = text_of(page)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.strip() for block in blocks for line in re.split(r"\n|&&", block)]
    lines += re.findall(
        r"`((?:uv run|graph-service|\.ci/) ?[^`]+)`",
        re.sub(r"```.*?```", "", text, flags=re.DOTALL),
    )
    return [line.split() for line in lines if line]


def runs(command: list[str]) -> bool:
    """Whether there is what a command runs: a tool, a script, a command of ours, a test folder."""
    tool, *rest = command
    if tool.endswith("uv") and rest[:1] == ["run"]:
        return (BIN / rest[1]).exists() and runs(rest[1:])
    if tool == "graph-service":
        names = [one for one in rest if re.fullmatch(r"[a-z][a-z0-9]*", one)]
        return bool(names) and names[0] in known_commands()
    if tool in ("python", "pytest"):
        options = [one.partition("=")[0] for one in rest if one.startswith("-")]
        files = [one for one in rest if "/" in one]
        return set(options) <= {"--neo4j", "-m", "-q"} and all(
            (ROOT / one).exists() for one in files
        )
    places = (ROOT / tool, BIN / tool)
    return (
        tool.startswith((".boot/", "--"))
        or tool in OF_THE_SYSTEM
        or any(place.exists() for place in places)
    )


def known_commands() -> set[str]:
    own = {
        str(one.name or getattr(one.callback, "__name__", "")) for one in app.registered_commands
    }
    return own | {str(one.name) for one in app.registered_groups}


@pytest.mark.parametrize("page", GUIDES)
def test_what_people_are_told_to_type_is_there(page: str) -> None:
    assert [command for command in commands(page) if not runs(command)] == []
    assert commands(page)


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert not runs(["uv", "run", "nothing"])
    assert not runs(["uv", "run", "pytest", "tests/nowhere"])
    assert not runs(["uv", "run", "pytest", "--odd"])
    assert not runs(["graph-service", "nothing"])


@pytest.mark.parametrize("page", GUIDES)
def test_files_and_settings_that_the_guides_name_are_there(page: str) -> None:
    named = re.findall(r"`([^`\n ]+)`", text_of(page))
    path = re.compile(r"(?!\.boot)\.?[\w-]+(/[\w.-]+)+/?|[\w-]+\.(py|md|toml|yml)")
    paths = [one for one in named if path.fullmatch(one)]
    code = "".join(one.read_text("utf-8") for one in (ROOT / "tests").rglob("*.py"))
    settings = {one for one in named if re.fullmatch(r"(GRAPH_SERVICE|NEO4J)_[A-Z0-9_]+", one)}

    rooms = [ROOT, *(ROOT / "graph_service").iterdir()]
    assert [one for one in paths if not any((room / one).exists() for room in rooms)] == []
    assert [one for one in settings - set(variables()) if f'"{one}"' not in code] == []


def test_the_queries_that_are_shown_are_those_that_there_are() -> None:
    shown = re.findall(
        r"This is `(cypher/\S+)`:\n\n```cypher\n(.*?)\n```", text_of("CONTRIBUTING.md"), re.DOTALL
    )

    assert len(shown) == 2
    assert [file for file, text in shown if text_of(file).strip() != text] == []


def test_the_changelog_keeps_its_form() -> None:
    heads = re.findall(r"^##+ (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)

    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert heads[0] == "[Unreleased]"
    assert [
        head
        for head in heads[1:]
        if head not in kinds and not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", head)
    ] == []
