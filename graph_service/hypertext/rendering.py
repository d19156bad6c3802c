"""The templates of every room, the one stylesheet, and what a browser may do with a page.

Pages are whole as they are sent: no script, no picture, nothing from elsewhere. Every value is
escaped; the stylesheet, which is ours, is the only text that is put in as it stands.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

ROOMS = Path(__file__).parent.parent
STYLE = Path(__file__).with_name("templates") / "style.css"
HEADER_CHARACTERS_MAX = 1_000


@cache
def environment() -> Environment:
    """Every template by room and name: explain/order.html."""
    rooms = {
        folder.parent.name: FileSystemLoader(folder) for folder in sorted(ROOMS.glob("*/templates"))
    }
    return Environment(
        loader=PrefixLoader(rooms),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> str:
    """The stylesheet of every page."""
    return STYLE.read_text(encoding="utf-8")


@cache
def room_words(room: str) -> dict[str, Any]:
    """A room's texts for people by language."""
    return json.loads((ROOMS / room / "words.json").read_text(encoding="utf-8"))


def render(template: str, lang: str, **values: Any) -> str:
    """A page. template: <room>/<file>; its words are the room's in this language."""
    words = room_words(template.partition("/")[0])[lang]
    ours = Markup(style())  # noqa: S704
    return environment().get_template(template).render(lang=lang, words=words, style=ours, **values)


def page_headers(embed_origins: Sequence[str] = ()) -> dict[str, str]:
    """What goes with a page: nothing is loaded or run, only these origins may frame it."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    framers = " ".join(embed_origins) or "'none'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framers}"
    )
    return {"Content-Security-Policy": policy}


def prefers_page(accept: str) -> bool:
    """Does an Accept header want HTML rather than JSON? As browsers do and programs do not."""
    weights: dict[str, float] = {}
    for part in accept[:HEADER_CHARACTERS_MAX].split(","):
        media, *parameters = (one.strip().lower() for one in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            weights[media] = float(weight)
        except ValueError:
            continue
    wanted = weights.get("text/html", 0.0)
    return wanted > 0 and wanted >= weights.get("application/json", 0.0)
