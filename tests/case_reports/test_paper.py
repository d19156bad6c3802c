"""Reports of large cases: they break over pages, and Chinese is in the paper itself."""

import re
from typing import Any
from uuid import UUID

import pytest

from graph_service.case_reports.paper import FONT, OTHER_FONT
from graph_service.case_reports.reporting import report_page, report_pdf, report_rows
from graph_service.case_reports.wording import action_lines
from graph_service.plans.member import Lang

LANGS: tuple[Lang, ...] = ("zh", "en")
AT = "2026-11-20T08:00:00Z"
FREEZE: dict[str, Any] = {"type": "freeze", "scope": "payout", "reasonCode": "ring"}
STEPS = ("opened", "commented", "attached", "proposed")


def ids(count: int) -> list[str]:
    return [str(UUID(int=number + (7 << 100))) for number in range(count)]


def case_of(*, members: int = 2, alerts: int = 1, comments: int = 1) -> dict[str, Any]:
    """A case as it is told, with a proposal that waits for a second person."""
    reason = "同一台手机下的八个账号互相下单" * 300
    judged: dict[str, Any] = {
        "conclusion": "confirmed_fraud",
        "typology": "fake_order_ring",
        "reason": reason[:4_000],
        "actions": [FREEZE, {"type": "reverse_commissions"}],
    }
    events = [_event(one, step) for one, step in enumerate(STEPS, 1)]
    events += [_event(one + 5, "commented", f"第 {one} 条备注 <b>") for one in range(comments)]
    return {
        "caseId": "case_1",
        "state": "PENDING_APPROVAL",
        "kinds": ["fake_order_ring"],
        "reason": "冻结 / freeze",
        "openedAt": AT,
        "openedBy": "rule",
        "priority": 1,
        "dueAt": AT,
        "currency": "CNY",
        "amountAtRiskMinor": 1_000_000,
        "memberIds": ids(members),
        "alertIds": [f"alert_{one:064d}" for one in range(alerts)],
        "decision": None,
        "proposal": {**judged, "proposedBy": "li (key_1)"},
        "reasons": [{"feature": "device", "text": "八个账号 " * 100}],
        "holds": [],
        "attachments": [{"name": "shot.png", "addedAt": AT, "addedBy": "li"}],
        "events": events,
    }


def _event(number: int, step: str, text: str = "a word") -> dict[str, Any]:
    return {"number": number, "at": AT, "actor": "li", "step": step, "detail": {"text": text}}


def pages_of(paper: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", paper))


@pytest.mark.parametrize("lang", LANGS)
def test_a_large_case_breaks_over_pages(lang: Lang) -> None:
    paper = report_pdf(case_of(members=300, alerts=200, comments=100), lang)

    assert paper.startswith(b"%PDF-")
    assert pages_of(paper) > 5


def test_the_same_case_is_the_same_paper() -> None:
    case = case_of()

    assert report_pdf(case, "zh") == report_pdf(case, "zh")


def test_chinese_letters_are_in_the_paper_and_rare_ones_are_left_to_the_reader() -> None:
    common = report_pdf(case_of(), "zh")
    rare = report_pdf({**case_of(), "reason": "龘"}, "zh")

    assert b"/FontFile2" in common
    assert FONT.encode() in common
    assert OTHER_FONT.encode() not in common
    assert OTHER_FONT.encode() in rare


@pytest.mark.parametrize("text", ["\x00\x0b", "\ud800", "🙂 ok", "\u202e", "\n\n", ""])
def test_odd_characters_come_onto_paper_or_are_left_out(text: str) -> None:
    assert report_pdf(case_of() | {"reason": text}, "zh")


def test_text_of_people_is_no_markup() -> None:
    case = case_of() | {"reason": "<b>a & b</i> <font name='x'>"}

    assert report_pdf(case, "en")
    assert "<b>" not in report_page(case, "en")


@pytest.mark.parametrize("lang", LANGS)
def test_a_report_tells_the_proposal_its_actions_and_comments(lang: Lang) -> None:
    rows = dict(report_rows(case_of(comments=3), lang))

    told = [text for part in rows.values() for _, text in part]
    assert sum("第 " in one for one in told) == 3
    assert "li (key_1)" in told
    assert any("ring" in one and ("提现" in one or "payouts" in one) for one in told)
    assert any("佣金" in one or "commissions" in one for one in told)


ACTIONS: list[tuple[dict[str, Any] | str, str, str]] = [
    (FREEZE | {"expiresAt": AT}, AT, AT),
    (FREEZE | {"scope": "account"}, "earn nothing", "账号"),
    (FREEZE | {"scope": "order", "orderIds": ["o-1"]}, "o-1", "o-1"),
    (FREEZE | {"memberIds": ids(1)}, "1 of 2 members", "2 名会员中的 1 名"),
    (FREEZE | {"shadow": True}, "Only noted", "仅记录"),
    ({"type": "unfreeze", "scope": "account"}, "their status back", "恢复账号原有状态"),
    ({"type": "restore_commissions"}, "Give back", "退还"),
    ("lift_holds", "Lift the holds", "解除"),
]


@pytest.mark.parametrize(("action", "english", "chinese"), ACTIONS)
def test_an_action_is_told_in_words(action: Any, english: str, chinese: str) -> None:
    decision = {"conclusion": "policy_abuse", "actions": [action]}

    for lang, wanted in (("en", english), ("zh", chinese)):
        [line] = action_lines(decision, ids(2), "zh" if lang == "zh" else "en")
        assert wanted in line["text"]


def test_what_a_confirmed_fraud_holds_without_a_word_is_told() -> None:
    silent = action_lines({"conclusion": "confirmed_fraud", "actions": []}, ids(2), "en")
    spoken = action_lines({"conclusion": "confirmed_fraud", "actions": [FREEZE]}, ids(2), "en")
    cleared = action_lines({"conclusion": "false_positive", "actions": []}, ids(2), "en")

    assert "follows from the conclusion" in silent[0]["text"]
    assert silent[0]["members"] == 2
    assert (len(spoken), cleared) == (1, [])
