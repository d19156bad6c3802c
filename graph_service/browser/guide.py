"""The guide that Neo4j Browser plays, and the same as AsciiDoc, made of the questions."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from graph_service.browser.questions import TOPICS, Question
from graph_service.hypertext.rendering import room_words
from graph_service.plans.member import Lang

STYLE = Path(__file__).with_name("style.grass")
ROOM = "browser"


def style_text() -> str:
    """The GraSS style: colours and captions of nodes and relationships."""
    return STYLE.read_text(encoding="utf-8")


def html_guide(found: Mapping[str, Sequence[Question]], style_url: str, lang: Lang = "en") -> str:
    """The guide as slides, one a topic, for `:play`.

    Source: what Neo4j Browser 5.24 makes of it: elements `slide`, and `pre` of the class runnable.
    """
    words = room_words(ROOM)[lang]
    slides = [
        _first_slide(words, style_url),
        *(_slide(words, topic, found[topic]) for topic in found),
    ]
    body = "\n".join(f'<slide class="row-fluid">\n{one}\n</slide>' for one in slides)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8">'
        f'<title>{words["title"]}</title></head>\n<body>\n<article class="guide">\n'
        f'<carousel class="deck container-fluid">\n{body}\n</carousel>\n</article>\n</body>\n'
        "</html>\n"
    )


def asciidoc_guide(
    found: Mapping[str, Sequence[Question]], style_url: str, lang: Lang = "en"
) -> str:
    """The guide as AsciiDoc."""
    return "\n\n".join(_asciidoc(room_words(ROOM)[lang], found, style_url)) + "\n"


def _asciidoc(
    words: Mapping[str, Any], found: Mapping[str, Sequence[Question]], style_url: str
) -> Iterator[str]:
    yield f"= {words['title']}\n:icons: font"
    yield words["intro"]
    yield f"{words['colours']}\n\n----\n:style {style_url}\n----"
    for topic, those in found.items():
        yield f"== {_topic(words, topic)}"
        for one in those:
            yield f"=== {one.name}\n\n{_question(words, one)}"
            yield from (f"[source,cypher]\n----\n{text}\n----" for text in one.texts)


def _first_slide(words: Mapping[str, Any], style_url: str) -> str:
    return (
        f'<div class="col-sm-12">\n<h3>{words["title"]}</h3>\n<p>{escape(words["intro"])}</p>\n'
        f'<p>{words["colours"]}</p>\n<pre class="code runnable">:style {escape(style_url)}</pre>\n'
        "</div>"
    )


def _slide(words: Mapping[str, Any], topic: str, those: Sequence[Question]) -> str:
    asked = "\n".join(
        f"<h4>{one.name}</h4>\n<p>{escape(_question(words, one))}</p>\n{_runnable(one)}"
        for one in those
    )
    return f'<div class="col-sm-12">\n<h3>{_topic(words, topic)}</h3>\n{asked}\n</div>'


def _runnable(one: Question) -> str:
    shown = (escape(text, quote=False) for text in one.texts)
    return "\n".join(f'<pre class="code runnable">{text}</pre>' for text in shown)


def _topic(words: Mapping[str, Any], topic: str) -> str:
    """The heading of a topic; the English ones stand with the topics."""
    return words["topics"][topic] if "topics" in words else TOPICS[topic]


def _question(words: Mapping[str, Any], one: Question) -> str:
    """A question in words; the English ones stand in the query files."""
    return words["questions"][one.name] if "questions" in words else one.query.question
