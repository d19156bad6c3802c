"""The guide that Neo4j Browser plays, and the same as AsciiDoc, made of the questions."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from graph_service.browser.questions import TOPICS, Question

STYLE = Path(__file__).with_name("style.grass")
TITLE = "Questions to the mall's graph"
INTRO = (
    "A click on a text puts it into the editor. Run :param first with values of your own, then the "
    "question. Questions that begin with draw answer a picture, all others rows. They only read."
)
COLOURS = "Colours and captions by kind of node and relationship. Run it once:"


def style_text() -> str:
    """The GraSS style: colours and captions of nodes and relationships."""
    return STYLE.read_text(encoding="utf-8")


def html_guide(found: Mapping[str, Sequence[Question]], style_url: str) -> str:
    """The guide as slides, one a topic, for `:play`.

    Source: what Neo4j Browser 5.24 makes of it: elements `slide`, and `pre` of the class runnable.
    """
    slides = [_first_slide(style_url), *(_slide(topic, found[topic]) for topic in found)]
    body = "\n".join(f'<slide class="row-fluid">\n{one}\n</slide>' for one in slides)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{TITLE}</title>'
        f'</head>\n<body>\n<article class="guide">\n<carousel class="deck container-fluid">\n'
        f"{body}\n</carousel>\n</article>\n</body>\n</html>\n"
    )


def asciidoc_guide(found: Mapping[str, Sequence[Question]], style_url: str) -> str:
    """The guide as AsciiDoc."""
    return "\n\n".join(_asciidoc(found, style_url)) + "\n"


def _asciidoc(found: Mapping[str, Sequence[Question]], style_url: str) -> Iterator[str]:
    yield f"= {TITLE}\n:icons: font"
    yield INTRO
    yield f"{COLOURS}\n\n----\n:style {style_url}\n----"
    for topic, those in found.items():
        yield f"== {TOPICS[topic]}"
        for one in those:
            yield f"=== {one.name}\n\n{one.query.question}"
            yield from (f"[source,cypher]\n----\n{text}\n----" for text in one.texts)


def _first_slide(style_url: str) -> str:
    return (
        f'<div class="col-sm-12">\n<h3>{TITLE}</h3>\n<p>{escape(INTRO)}</p>\n<p>{COLOURS}</p>\n'
        + (f'<pre class="code runnable">:style {escape(style_url)}</pre>\n</div>')
    )


def _slide(topic: str, those: Sequence[Question]) -> str:
    asked = "\n".join(
        f"<h4>{one.name}</h4>\n<p>{escape(one.query.question)}</p>\n{_runnable(one)}"
        for one in those
    )
    return f'<div class="col-sm-12">\n<h3>{TOPICS[topic]}</h3>\n{asked}\n</div>'


def _runnable(one: Question) -> str:
    shown = (escape(text, quote=False) for text in one.texts)
    return "\n".join(f'<pre class="code runnable">{text}</pre>' for text in shown)
