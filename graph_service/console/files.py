"""What does a browser load with a page? Our style and scripts, and those of others beside them."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graph_service.hypertext.rendering import style

FOLDER = Path(__file__).with_name("static")
STYLE, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
SCRIPTS = ("htmx.min.js", "cytoscape.min.js", "console.js", "picture.js")
OWN_STYLE = "console.css"
VERSION_DIGITS = 12


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent."""

    content: bytes
    media: str


@cache
def static_files() -> dict[str, StaticFile]:
    """By name. The style is that of every page of the service, and then our own."""
    own = style() + (FOLDER / OWN_STYLE).read_text(encoding="utf-8")
    found = {name: StaticFile((FOLDER / name).read_bytes(), SCRIPT) for name in SCRIPTS}
    return {**found, OWN_STYLE: StaticFile(own.encode(), STYLE)}


@cache
def version_of_files() -> str:
    """What changes with any of the files, so that a browser may keep them for good."""
    digest = hashlib.sha256()
    for name, file in sorted(static_files().items()):
        digest.update(name.encode() + file.content)
    return digest.hexdigest()[:VERSION_DIGITS]
