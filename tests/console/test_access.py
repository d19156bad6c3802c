"""Who gets in, how long, with which forms, and what a key without a scope hears."""

import pytest

from graph_service.console.visiting import COOKIE
from tests.console.desk import ConsoleDesk, token_in
from tests.worlds import START, event

pytestmark = pytest.mark.anyio
PAGES = ["/", "/alerts", "/scans", "/compliance", "/ledger", "/what-if", "/health", "/help"]
READ_PAGES = [page for page in PAGES if page not in ("/ledger", "/what-if")]


async def test_a_page_leads_to_the_login_and_from_there_back(desk: ConsoleDesk) -> None:
    refused = await desk.client.get("/console/alerts?kind=sleeper")
    login = await desk.client.get(refused.headers["location"])
    form = {"key": "test-admin-key-of-the-suite", "token": token_in(login)}

    entered = await desk.client.post(
        "/console/login", data={**form, "next": "/console/alerts?kind=sleeper"}
    )

    assert refused.status_code == 303
    assert refused.headers["location"] == "/console/login?next=%2Fconsole%2Falerts%3Fkind%3Dsleeper"
    assert 'value="/console/alerts?kind=sleeper"' in login.text
    assert entered.headers["location"] == "/console/alerts?kind=sleeper"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "/console//evil.example",
        "/console/\\evil",
        "/v1/x",
    ],
)
async def test_a_login_leads_nowhere_but_to_the_console(desk: ConsoleDesk, address: str) -> None:
    entered = await desk.log_in(following=address)

    assert (entered.status_code, entered.headers["location"]) == (303, "/console/")


async def test_the_cookie_is_of_no_use_to_scripts_and_other_sites(desk: ConsoleDesk) -> None:
    entered = await desk.log_in()

    cookie = next(one for one in entered.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=strict", "Path=/console"} <= set(cookie.split("; "))


async def test_the_cookie_is_secure_but_for_plain_http_on_the_machine(desk: ConsoleDesk) -> None:
    local = await desk.client.get("/console/login")
    remote = await desk.client.get("http://risk.example.com/console/login")

    assert "Secure" not in local.headers["set-cookie"]
    assert "Secure" in remote.headers["set-cookie"]
    assert (
        "plain HTTP"
        in (await desk.client.get("http://risk.example.com/console/login?lang=en")).text
    )


async def test_a_wrong_key_is_told_so_and_opens_nothing(desk: ConsoleDesk) -> None:
    refused = await desk.log_in("gsk_wrong")

    assert refused.status_code == 401
    assert COOKIE not in desk.client.cookies
    assert "gsk_wrong" not in refused.text


async def test_a_login_form_of_another_browser_is_refused(desk: ConsoleDesk) -> None:
    await desk.client.get("/console/login")

    refused = await desk.client.post("/console/login", data={"key": "k", "token": "guessed"})

    assert refused.status_code == 403
    assert "form_forged" in refused.text


async def test_a_revoked_key_ends_its_sessions(desk: ConsoleDesk) -> None:
    await desk.log_in(await desk.made_key("risk:read"))
    before = await desk.page("/")
    keys = (await desk.told("/v1/keys"))["items"]
    admin = {"Authorization": "Bearer test-admin-key-of-the-suite"}
    await desk.client.post(f"/v1/keys/{keys[0]['keyId']}:revoke", headers=admin)

    after = await desk.page("/")

    assert (before.status_code, after.status_code) == (200, 303)


async def test_a_logout_ends_the_session_also_for_who_kept_the_cookie(desk: ConsoleDesk) -> None:
    await desk.log_in()
    kept = desk.client.cookies[COOKIE]

    left = await desk.sent("/logout")
    desk.client.cookies.set(COOKIE, kept, domain="localhost.local", path="/console")
    again = await desk.client.get("/console/", headers={"Cookie": f"{COOKIE}={kept}"})

    assert left.headers["location"] == "/console/login"
    assert again.status_code == 303


@pytest.mark.parametrize("token", [None, "", "guessed"])
async def test_a_form_without_its_token_does_nothing(desk: ConsoleDesk, token: str | None) -> None:
    await desk.log_in()
    form = {"mode": "full"} if token is None else {"mode": "full", "token": token}

    refused = await desk.client.post("/console/scans", data=form)

    assert refused.status_code == 403
    assert "form_forged" in refused.text
    assert (await desk.told("/v1/fraud/scans"))["items"] == []


CHANGES = [
    *("/next", "/cases/x/effect", "/cases/x/decision", "/cases/x/steps/attach"),
    *("/silences/m/place", "/silences/m/end"),
]


@pytest.mark.parametrize("path", CHANGES)
async def test_what_changes_something_needs_the_token_and_the_scope(
    desk: ConsoleDesk, path: str
) -> None:
    await desk.log_in()
    forged = await desk.client.post(f"/console{path}", data={"version": "1"})
    await desk.log_in(await desk.made_key("risk:read"))
    reader = await desk.sent(path, version="1")

    assert (forged.status_code, reader.status_code) == (403, 403)
    assert "form_forged" in forged.text
    assert "scope risk:decide" in reader.text


async def test_the_token_of_another_session_does_nothing(desk: ConsoleDesk) -> None:
    await desk.log_in()
    other = token_in(await desk.page("/scans"))
    await desk.log_in()

    refused = await desk.client.post("/console/scans", data={"token": other})

    assert refused.status_code == 403


async def test_a_post_that_is_no_form_is_refused(desk: ConsoleDesk) -> None:
    await desk.log_in()

    refused = await desk.client.post("/console/scans", json={"mode": "full"})

    assert refused.status_code == 422


async def test_a_key_that_may_only_read_sees_no_forms_of_decisions(desk: ConsoleDesk) -> None:
    await desk.log_in(await desk.made_key("risk:read"))

    pages = {page: (await desk.page(page)).status_code for page in PAGES}
    scans = await desk.page("/scans")
    acted = await desk.sent("/scans", mode="full")

    assert pages == dict.fromkeys(READ_PAGES, 200) | {"/ledger": 403, "/what-if": 403}
    assert "Start a scan" not in scans.text
    assert acted.status_code == 403
    assert "scope risk:decide" in acted.text


async def test_a_key_without_risk_hears_which_scope_is_missing(desk: ConsoleDesk) -> None:
    await desk.log_in(await desk.made_key("read"))

    page = await desk.page("/")

    assert page.status_code == 403
    assert "this needs a key with the scope risk:read" in page.text
    assert "Log out" in page.text


async def test_an_admin_sees_every_page_in_both_languages(desk: ConsoleDesk) -> None:
    await desk.store_as_admin([event("member.joined", "j", START, {"memberId": "m"})])
    await desk.log_in()

    pages = {
        (page, lang): await desk.page(page, lang)
        for page in [*PAGES, "/members/m"]
        for lang in ("en", "zh")
    }

    assert {one.status_code for one in pages.values()} == {200}
    for (_, lang), page in pages.items():
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page.text
        assert ("退出" in page.text) == (lang == "zh")


async def test_a_language_that_was_chosen_is_remembered(desk: ConsoleDesk) -> None:
    await desk.log_in()
    by_browser = await desk.client.get("/console/help", headers={"Accept-Language": "en"})
    await desk.client.get("/console/help?lang=zh")

    later = await desk.client.get("/console/help", headers={"Accept-Language": "en"})

    assert 'lang="en"' in by_browser.text
    assert 'lang="zh-CN"' in later.text


async def test_a_page_loads_and_runs_only_what_the_service_serves(desk: ConsoleDesk) -> None:
    await desk.log_in()

    page = await desk.page("/help")

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"


async def test_files_are_kept_for_good_and_nothing_else_is_served(desk: ConsoleDesk) -> None:
    style = await desk.client.get("/console/static/console.css")
    script = await desk.client.get("/console/static/htmx.min.js")
    stranger = await desk.client.get("/console/static/..%2Fwords.json")
    await desk.log_in()
    other = await desk.client.get("/console/static/..%2Fwords.json")

    assert (stranger.status_code, stranger.headers["location"][:14]) == (303, "/console/login")
    assert "immutable" in style.headers["cache-control"]
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert other.status_code == 404
