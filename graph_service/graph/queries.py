"""The query files: one statement each, behind a header that is its contract.

    // Which members invited these, nearest first?
    // mode: read
    // params: $memberIds list<string>
    // returns: memberId string, uplineIds list<string>
    // timeout: 5 s

A question for people in Neo4j Browser (the folder browser) has three lines more: `zh:`, the
question in Chinese, `topic:`, under which it is shown, and where it takes parameters `example:`,
values to try it with (memberId => 'm-1'). Read and checked once at start-up; a file that breaks the
contract stops the start.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, LiteralString, cast

from graph_service.errors import QueryInvalid

Mode = Literal["read", "write"]
FIELDS = ("mode", "params", "returns", "timeout")
OF_BROWSER = ("zh", "topic", "example")
_PARAM = re.compile(r"\$([A-Za-z]\w*)")
_NAME = re.compile(r"[a-z][a-z_]*/[a-z]+(_[a-z0-9]+)*")
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'")


@dataclass(frozen=True)
class Query:
    """One statement and what it promises. timeout_s: for the statement alone (s).

    zh (the question in Chinese), topic, example: of questions for people, else empty.
    """

    name: str
    question: str
    mode: Mode
    params: frozenset[str]
    returns: tuple[str, ...]
    timeout_s: float
    text: LiteralString
    zh: str = ""
    topic: str = ""
    example: str = ""


def cypher_folder() -> Path:
    """The folder of query files: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_cypher"
    return installed if installed.is_dir() else package.parent / "cypher"


def split_header(text: str) -> tuple[list[str], str]:
    """The header's comment lines without their slashes, and the statement below."""
    lines = text.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return [line[2:].strip() for line in lines[:count]], "\n".join(lines[count:]).strip()


def parse_query(name: str, text: str) -> Query:
    """Read one query file's text. Raises QueryInvalid where header and statement disagree."""
    header, statement = split_header(text)
    fields: dict[str, str] = {}
    question: list[str] = []
    for line in header:
        key, colon, value = line.partition(":")
        if colon and key in (*FIELDS, *OF_BROWSER):
            fields[key] = value.strip()
        elif fields:
            last = next(reversed(fields))
            fields[last] = f"{fields[last]} {line}"
        else:
            question.append(line)
    _require(name, bool(_NAME.fullmatch(name)), "is not named <room>/<verb>_<noun>.cypher")
    _require(name, bool(question), "has no sentence in its header")
    for field in FIELDS:
        _require(name, field in fields, f"has no '{field}:' in its header")
    mode = fields["mode"]
    _require(name, mode in ("read", "write"), "has a mode that is neither read nor write")
    timeout = re.fullmatch(r"(\d+(?:\.\d+)?) s", fields["timeout"])
    params = frozenset(_PARAM.findall(fields["params"]))
    used = frozenset(_PARAM.findall(_STRING.sub("''", statement)))
    _require(name, params == used, f"declares params {sorted(params)} but uses {sorted(used)}")
    _require(name, ";" not in _STRING.sub("''", statement), "has a semicolon")
    _require(name, timeout is not None, "has no timeout of the form '5 s'")
    assert timeout is not None
    return Query(
        name=name,
        question=" ".join(question),
        mode=cast(Mode, mode),
        params=params,
        returns=_columns(fields["returns"]),
        timeout_s=float(timeout[1]),
        text=cast(LiteralString, f"// {name}\n{statement}"),
        zh=fields.get("zh", ""),
        topic=fields.get("topic", ""),
        example=fields.get("example", ""),
    )


def load_queries(folder: Path | None = None) -> Mapping[str, Query]:
    """Every query by its name <room>/<verb>_<noun>; schema/ is not among them."""
    root = folder or cypher_folder()
    found: dict[str, Query] = {}
    for path in sorted(root.glob("*/*.cypher")):
        if path.parent.name != "schema":
            name = f"{path.parent.name}/{path.stem}"
            found[name] = parse_query(name, path.read_text(encoding="utf-8"))
    _require(str(root), bool(found), "holds no query file")
    return found


def _columns(text: str) -> tuple[str, ...]:
    if text == "nothing":
        return ()
    return tuple(column.split()[0] for column in re.split(r",(?![^<]*>)", text))


def _require(name: str, holds: bool, complaint: str) -> None:  # noqa: FBT001
    if not holds:
        raise QueryInvalid(f"query {name} {complaint}")
