"""Pages escape what they are given, load nothing, and have every word in both languages."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from graph_service.hypertext.rendering import (
    ROOMS,
    environment,
    page_headers,
    prefers_page,
    render,
    room_words,
)

WORDS = sorted(file.parent.name for file in ROOMS.glob("*/words.json"))
# The console has scripts and forms, and tests of its own.
TEMPLATES = sorted(
    file for file in ROOMS.glob("*/templates/*.html") if file.parents[1].name != "console"
)
# What a browser sends for a page, what curl sends, what a client of JSON sends.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def texts(words: Any, prefix: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Each text's path and the names that it has filled in."""
    for name, value in words.items():
        if isinstance(value, dict):
            yield from texts(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", frozenset(re.findall(r"{(\w+)}", value))


@pytest.mark.parametrize("room", WORDS)
def test_both_languages_have_the_same_texts_with_the_same_names(room: str) -> None:
    words = room_words(room)

    assert set(words) == {"en", "zh"}
    assert dict(texts(words["en"])) == dict(texts(words["zh"]))


@pytest.mark.parametrize("room", WORDS)
def test_chinese_is_chinese_and_english_is_not(room: str) -> None:
    han = re.compile("[一-鿿]")

    english = [text for text, _ in flat(room_words(room)["en"]) if han.search(text)]

    # The button that leads to the other language speaks that language.
    assert [text for text in english if text != "中文"] == []


def flat(words: Any) -> Iterator[tuple[str, str]]:
    for name, value in words.items():
        if isinstance(value, dict):
            yield from flat(value)
        else:
            yield value, name


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: f"{file.parents[1].name}/{file.name}")
def test_a_template_loads_nothing_runs_nothing_and_styles_nothing_by_itself(file: Any) -> None:
    text = file.read_text("utf-8")

    assert re.findall(r"<script|<link|<img|<iframe|<form|\bon\w+=|style=|\|\s*safe", text) == []
    environment().get_template(f"{file.parents[1].name}/{file.name}")


def test_the_policy_allows_the_stylesheet_and_nothing_else() -> None:
    page = render("portal/refused.html", "en", reason="link_expired")

    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert page_headers()["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def test_named_origins_may_frame_a_page() -> None:
    policy = page_headers(["https://mall.example.com", "https://m.example.com"])

    assert policy["Content-Security-Policy"].endswith(
        "frame-ancestors https://mall.example.com https://m.example.com"
    )


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/html;q=0.9, application/json", False),
        ("text/html;q=0", False),
        ("text/html;q=odd", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_page_goes_to_who_prefers_html(accept: str, *, page: bool) -> None:
    assert prefers_page(accept) is page
