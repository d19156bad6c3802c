"""How do headings and rows come onto A4, however long they are and in whichever script?"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, Final, cast
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

# Embedded, as far as it is used: what GB 2312 has, and Latin letters (fonts/README.md).
FONT: Final = "NotoSansSC"
FONT_FILE: Final = Path(__file__).with_name("fonts") / "NotoSansSC-GB2312.ttf"
# Of characters beyond, a font that readers with Asian fonts have; it is not embedded.
OTHER_FONT: Final = "STSong-Light"
SOFT: Final = HexColor("#55606b")


def paper_of(title: str, parts: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> bytes:
    """A PDF. Each row is its left cell above its right one, so that both can break over pages."""
    known = _fonts()
    heads, headings = _style("title", 16, 24), _style("heading", 12, 20, spaceBefore=8)
    lefts = _style("left", 8, 11, textColor=SOFT, spaceBefore=3)
    rights = _style("right", 9, 13, leftIndent=4 * mm)
    story: list[Any] = [Paragraph(_marked(title, known), heads)]
    for name, rows in parts:
        story.append(Paragraph(_marked(name, known), headings))
        for left, right in rows:
            story.append(Paragraph(_marked(left, known), lefts))
            story += [Paragraph(_marked(line, known), rights) for line in right.splitlines()]
    paper = BytesIO()
    SimpleDocTemplate(paper, pagesize=A4, title=title, invariant=1).build(story)
    return paper.getvalue()


@cache
def _fonts() -> frozenset[int]:
    """Code points that the embedded font has. Both fonts are made known to reportlab, once."""
    font = TTFont(FONT, str(FONT_FILE))
    pdfmetrics.registerFont(font)  # pyright: ignore[reportUnknownMemberType]
    pdfmetrics.registerFont(UnicodeCIDFont(OTHER_FONT))  # pyright: ignore[reportUnknownMemberType]
    return frozenset(cast("dict[int, int]", font.face.charToGlyph))


def _style(name: str, size: int, leading: int, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=FONT, fontSize=size, leading=leading, wordWrap="CJK", **more
    )


def _marked(text: str, known: frozenset[int]) -> str:
    """Text with what the embedded font lacks in the other one, without signs that nobody sees."""
    seen = (one for one in text if one.isprintable() or one.isspace())
    runs = groupby(seen, key=lambda one: ord(one) in known or one.isspace())
    return "".join(
        escape("".join(run)) if ours else f'<font name="{OTHER_FONT}">{escape("".join(run))}</font>'
        for ours, run in runs
    )
