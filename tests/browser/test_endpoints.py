"""Can Neo4j Browser, on another origin, take the guide and the style?"""

import re
from html import unescape

import pytest
from httpx2 import AsyncClient

from graph_service.browser.guide import style_text
from graph_service.browser.questions import saved_questions
from graph_service.hypertext.rendering import room_words
from graph_service.settings import Settings
from tests.browser.telling import styles
from tests.conftest import Database, client_of

pytestmark = pytest.mark.anyio
QUESTIONS = [one for those in saved_questions().values() for one in those]
BROWSER = "http://127.0.0.1:7474"
# What the Browser's style knows.
ALLOWED = {
    *("diameter", "color", "border-color", "border-width", "text-color-internal", "font-size"),
    *("caption", "shaft-width", "padding", "text-color-external"),
}
# Only looked up on the way.
NOT_DRAWN = {"AlertSet"}
PATHS = ("/browser/guide.html", "/browser/guide.adoc", "/browser/style.grass")


async def test_the_guide_has_every_question_to_be_clicked(client: AsyncClient) -> None:
    guide = (await client.get("/browser/guide.html")).text

    texts = re.findall(r'<pre class="code runnable">(.*?)</pre>', guide, re.DOTALL)
    assert [unescape(one) for one in texts[1:]] == [text for one in QUESTIONS for text in one.texts]
    assert unescape(texts[0]) == ":style http://service/browser/style.grass"
    assert guide.count("<slide") == guide.count("</slide>") == 1 + len(saved_questions())


async def test_the_asciidoc_has_every_question(client: AsyncClient) -> None:
    text = (await client.get("/browser/guide.adoc")).text

    assert all(f"----\n{one}\n----" in text for those in QUESTIONS for one in those.texts)


async def test_the_guide_speaks_chinese_too(client: AsyncClient) -> None:
    guide = (await client.get("/browser/guide.html?lang=zh")).text
    text = (await client.get("/browser/guide.adoc?lang=zh")).text

    headings = room_words("browser")["zh"]["topics"]
    assert list(headings) == list(saved_questions())
    assert all(f"<h3>{one}</h3>" in guide and f"\n== {one}\n" in text for one in headings.values())
    assert all(f"<p>{one.query.zh}</p>" in guide for one in QUESTIONS)
    assert all(f"\n{one.query.zh}\n" in text for one in QUESTIONS)
    assert all(re.search("[一-鿿]", one.query.zh) for one in QUESTIONS)
    assert '<html lang="zh">' in guide


async def test_the_style_says_a_colour_of_every_node_that_a_question_draws(
    client: AsyncClient,
) -> None:
    style = (await client.get("/browser/style.grass")).text
    seen = {
        label
        for one in QUESTIONS
        if one.is_picture
        for labels in re.findall(r"\(\w*((?::[\w|]+))", one.statement)
        for label in labels[1:].split("|")
    }

    assert style == style_text()
    assert {f"node.{one}" for one in seen - NOT_DRAWN} <= styles().keys()
    assert all(set(rule) <= ALLOWED for rule in styles().values())


@pytest.mark.parametrize("path", PATHS)
async def test_any_page_may_read_them_without_a_key(client: AsyncClient, path: str) -> None:
    del client.headers["Authorization"]
    asked = {
        "Origin": BROWSER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "cache-control,pragma",
    }

    before = await client.options(path, headers=asked)
    answer = await client.get(path, headers={"Origin": BROWSER, "Pragma": "no-cache"})

    assert before.status_code == 204
    assert before.headers["access-control-allow-headers"] == "cache-control, pragma"
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_other_routes_are_read_by_no_page_of_another_origin(client: AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"Origin": BROWSER})

    assert "access-control-allow-origin" not in answer.headers


async def test_origins_that_are_set_hinder_no_guide(settings: Settings, database: Database) -> None:
    more = {"cors_origins": ("https://mall.example",), "public_url": "https://graph.example"}
    async with client_of(settings.model_copy(update=more)) as client:
        before = await client.options(PATHS[0], headers={"Origin": BROWSER})
        answer = await client.get(PATHS[0], headers={"Origin": "https://mall.example"})

    assert before.status_code == 204
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "https://graph.example/browser/style.grass" in answer.text.replace(
        "//browser", "/browser"
    )
