"""docs/browser.md: every question with what it answers of the small mall."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graph_service.browser.questions import Question
from graph_service.hypertext.rendering import room_words
from tests.browser.telling import Row, caption_of, label_of, lines_of, styles, told

TOPICS = room_words("browser")["en"]["topics"]
PAGE = Path(__file__).parents[2] / "docs" / "browser.md"
START, END = "<!-- Questions: written by the tests, see the end of the page. -->", "<!-- End. -->"
LINES_MAX = 30


def page_of(
    before: str, found: Mapping[str, Sequence[Question]], answers: Mapping[str, Sequence[Row]]
) -> str:
    """The page with its part between the two marks written anew."""
    head, _, rest = before.partition(START)
    tail = rest.partition(END)[2]
    return "\n\n".join([head + START, *_questions(found, answers), END + tail])


def _questions(
    found: Mapping[str, Sequence[Question]], answers: Mapping[str, Sequence[Row]]
) -> Iterator[str]:
    for topic, those in found.items():
        yield f"## {TOPICS[topic]}"
        for one in those:
            yield f"### {one.name}"
            yield one.query.question
            yield from (f"```cypher\n{text}\n```" for text in one.texts)
            rows = answers[one.name]
            yield _picture(rows) if one.is_picture else _table(rows)


def _table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads)]
    lines += [[told(value).replace("|", "\\|") for value in row.values()] for row in rows]
    return "\n".join("".join(f"| {one} " if one else "| " for one in line) + "|" for line in lines)


def _picture(rows: Sequence[Row]) -> str:
    """Paths as a drawing, in the colours of the style."""
    known = styles()
    lines = sorted(
        lines_of(rows),
        key=lambda one: (caption_of(one[0]), one[1], caption_of(one[2])),
    )[:LINES_MAX]
    nodes = {end.element_id: end for start, _, last in lines for end in (start, last)}
    names = {element: f"n{number}" for number, element in enumerate(nodes)}
    drawing = ["flowchart LR"]
    for element, node in nodes.items():
        drawing.append(f'  {names[element]}["{caption_of(node)}"]:::{label_of(node)}')
    for start, kind, end in lines:
        drawing.append(f"  {names[start.element_id]} -- {kind} --> {names[end.element_id]}")
    for label in sorted({label_of(node) for node in nodes.values()}):
        rule = known["node." + label]
        colours = f"fill:{rule['color']},color:{rule['text-color-internal']}"
        drawing.append(f"  classDef {label} {colours}")
    return "```mermaid\n" + "\n".join(drawing) + "\n```"
