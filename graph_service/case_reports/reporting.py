"""A case as a page and as a PDF: who, why, how much, what was decided, and every step."""

from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from graph_service.hypertext.rendering import render, room_words
from graph_service.plans.member import Lang, amount_text

# A font of every PDF reader that knows Chinese; nothing is embedded.
FONT: Final = "STSong-Light"
MEMBERS_SHOWN, EVENTS_SHOWN = 200, 200
DASH: Final = "–"


def report_rows(case: dict[str, Any], lang: Lang) -> list[tuple[str, list[tuple[str, str]]]]:
    """The report as parts with a heading and rows of two cells each."""
    words = room_words("case_reports")[lang]
    decision: dict[str, Any] = case["decision"] or {}
    facts = [
        (words["case"], case["caseId"]),
        (words["state"], words["states"][case["state"]]),
        (words["kinds"], ", ".join(case["kinds"]) or DASH),
        (words["why"], case["reason"]),
        (words["opened"], f"{case['openedAt']} · {case['openedBy']}"),
        (words["priority"], f"{case['priority']} · {case['dueAt'] or DASH}"),
        (words["amount"], _amount(case, lang)),
        (words["members"], ", ".join(case["memberIds"][:MEMBERS_SHOWN])),
        (words["alerts"], ", ".join(case["alertIds"]) or DASH),
    ]
    judged = [
        (words["conclusion"], words["conclusions"].get(decision.get("conclusion", ""), DASH)),
        (words["typology"], decision.get("typology") or DASH),
        (words["reason"], decision.get("reason") or DASH),
        (words["decided"], f"{decision.get('decidedAt', DASH)} · {decision.get('decidedBy', '')}"),
    ]
    reasons = [(one["feature"], one["text"]) for one in case["reasons"]]
    holds = [
        (one["memberId"], f"{one['code']} · {one['placedAt']} → {one['liftedAt'] or DASH}")
        for one in case["holds"][:MEMBERS_SHOWN]
    ]
    steps = [
        (f"{one['number']} · {one['at']}", f"{one['actor']}: {words['trail_steps'][one['step']]}")
        for one in case["events"][-EVENTS_SHOWN:]
    ]
    parts: list[tuple[str, list[tuple[str, str]]]] = [
        (words["facts"], facts),
        (words["reasons"], reasons),
        (words["decision"], judged),
        (words["holds"], holds),
        (words["trail"], steps),
    ]
    return [(heading, rows) for heading, rows in parts if rows]


def _amount(case: dict[str, Any], lang: Lang) -> str:
    currency: str | None = case["currency"]
    return DASH if currency is None else amount_text(case["amountAtRiskMinor"], currency, lang)


def report_page(case: dict[str, Any], lang: Lang) -> str:
    """The report as HTML."""
    return render("case_reports/report.html", lang, case=case, parts=report_rows(case, lang))


def report_pdf(case: dict[str, Any], lang: Lang) -> bytes:
    """The report as a PDF on A4."""
    words = room_words("case_reports")[lang]
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))  # pyright: ignore[reportUnknownMemberType]
    text = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
    heading = ParagraphStyle("heading", fontName=FONT, fontSize=12, leading=20, spaceBefore=8)
    title = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=24)
    story: list[Any] = [Paragraph(escape(f"{words['title']} {case['caseId']}"), title)]
    for name, rows in report_rows(case, lang):
        story.append(Paragraph(escape(name), heading))
        cells = [
            [Paragraph(escape(left), text), Paragraph(escape(right), text)] for left, right in rows
        ]
        table = Table(cells, colWidths=[45 * mm, 125 * mm])
        table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
        story.append(table)
    paper = BytesIO()
    document = SimpleDocTemplate(
        paper, pagesize=A4, title=f"{words['title']} {case['caseId']}", invariant=1
    )
    document.build(story)
    return paper.getvalue()
