"""The guide that Neo4j Browser plays, and the same as AsciiDoc, made of the questions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Literal

from graph_service.browser.questions import TOPICS, Question, saved_questions

STYLE = Path(__file__).with_name("style.grass")
CHINESE = Path(__file__).with_name("words.zh.json")
Lang = Literal["en", "zh"]


@dataclass(frozen=True)
class Words:
    """What a guide says beside the texts to run. questions: by name."""

    title: str
    intro: str
    colours: str
    topics: Mapping[str, str]
    questions: Mapping[str, str]


@cache
def words_in(lang: Lang) -> Words:
    """The words of a guide in a language; the English questions are those of the query files."""
    if lang == "zh":
        return Words(**json.loads(CHINESE.read_text(encoding="utf-8")))
    return Words(
        "Questions to the mall's graph",
        "A click on a text puts it into the editor. Run :param first with values of your own, then "
        "the question. Questions that begin with draw answer a picture, all others rows. They only "
        "read.",
        "Colours and captions by kind of node and relationship. Run it once:",
        TOPICS,
        {one.name: one.query.question for those in saved_questions().values() for one in those},
    )


def style_text() -> str:
    """The GraSS style: colours and captions of nodes and relationships."""
    return STYLE.read_text(encoding="utf-8")


def html_guide(found: Mapping[str, Sequence[Question]], style_url: str, lang: Lang = "en") -> str:
    """The guide as slides, one a topic, for `:play`.

    Source: what Neo4j Browser 5.24 makes of it: elements `slide`, and `pre` of the class runnable.
    """
    words = words_in(lang)
    slides = [
        _first_slide(words, style_url),
        *(_slide(words, topic, found[topic]) for topic in found),
    ]
    body = "\n".join(f'<slide class="row-fluid">\n{one}\n</slide>' for one in slides)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><title>{words.title}'
        f'</title></head>\n<body>\n<article class="guide">\n'
        f'<carousel class="deck container-fluid">\n{body}\n</carousel>\n</article>\n</body>\n'
        "</html>\n"
    )


def asciidoc_guide(
    found: Mapping[str, Sequence[Question]], style_url: str, lang: Lang = "en"
) -> str:
    """The guide as AsciiDoc."""
    return "\n\n".join(_asciidoc(words_in(lang), found, style_url)) + "\n"


def _asciidoc(
    words: Words, found: Mapping[str, Sequence[Question]], style_url: str
) -> Iterator[str]:
    yield f"= {words.title}\n:icons: font"
    yield words.intro
    yield f"{words.colours}\n\n----\n:style {style_url}\n----"
    for topic, those in found.items():
        yield f"== {words.topics[topic]}"
        for one in those:
            yield f"=== {one.name}\n\n{words.questions[one.name]}"
            yield from (f"[source,cypher]\n----\n{text}\n----" for text in one.texts)


def _first_slide(words: Words, style_url: str) -> str:
    return (
        f'<div class="col-sm-12">\n<h3>{words.title}</h3>\n<p>{escape(words.intro)}</p>\n'
        f'<p>{words.colours}</p>\n<pre class="code runnable">:style {escape(style_url)}</pre>\n'
        "</div>"
    )


def _slide(words: Words, topic: str, those: Sequence[Question]) -> str:
    asked = "\n".join(
        f"<h4>{one.name}</h4>\n<p>{escape(words.questions[one.name])}</p>\n{_runnable(one)}"
        for one in those
    )
    return f'<div class="col-sm-12">\n<h3>{words.topics[topic]}</h3>\n{asked}\n</div>'


def _runnable(one: Question) -> str:
    shown = (escape(text, quote=False) for text in one.texts)
    return "\n".join(f'<pre class="code runnable">{text}</pre>' for text in shown)
