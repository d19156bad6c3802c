"""The guide that Neo4j Browser plays, and the same as AsciiDoc, made of the questions."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from graph_service.browser.questions import Question
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
        *(_slide(words["topics"][topic], found[topic], lang) for topic in found),
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
    return "\n\n".join(_asciidoc(found, style_url, lang)) + "\n"


def _asciidoc(found: Mapping[str, Sequence[Question]], style_url: str, lang: Lang) -> Iterator[str]:
    words = room_words(ROOM)[lang]
    yield f"= {words['title']}\n:icons: font"
    yield words["intro"]
    yield f"{words['colours']}\n\n----\n:style {style_url}\n----"
    for topic, those in found.items():
        yield f"== {words['topics'][topic]}"
        for one in those:
            yield f"=== {one.name}\n\n{one.asked(lang)}"
            yield from (f"[source,cypher]\n----\n{text}\n----" for text in one.texts)


def _first_slide(words: Mapping[str, Any], style_url: str) -> str:
    return (
        f'<div class="col-sm-12">\n<h3>{words["title"]}</h3>\n<p>{escape(words["intro"])}</p>\n'
        f'<p>{words["colours"]}</p>\n<pre class="code runnable">:style {escape(style_url)}</pre>\n'
        "</div>"
    )


def _slide(heading: str, those: Sequence[Question], lang: Lang) -> str:
    asked = "\n".join(
        f"<h4>{one.name}</h4>\n<p>{escape(one.asked(lang))}</p>\n{_runnable(one)}" for one in those
    )
    return f'<div class="col-sm-12">\n<h3>{heading}</h3>\n{asked}\n</div>'


def _runnable(one: Question) -> str:
    shown = (escape(text, quote=False) for text in one.texts)
    return "\n".join(f'<pre class="code runnable">{text}</pre>' for text in shown)
