"""What does a form say that a browser sent?"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from graph_service.errors import Invalid

PLAIN: Final = "application/x-www-form-urlencoded"
# How browsers send files.
WITH_FILE: Final = "multipart/form-data"
# A case of the most members of which some are chosen, and the other fields.
FIELDS_MAX: Final = 600
BOUNDARY: Final = re.compile(r'boundary="?([\w\'()+,./:=?-]{1,70})"?$')
NAME: Final = re.compile(r'\bname="([^"]*)"')
FILE_NAME: Final = re.compile(r'\bfilename="([^"]*)"')
MEDIA: Final = re.compile(r"[\w.+-]+/[\w.+-]+")
ANY_MEDIA: Final = "application/octet-stream"


@dataclass(frozen=True)
class SentFile:
    """A file that was sent. name: without folders."""

    name: str
    media: str
    content: bytes


@dataclass
class Form:
    """Fields by name, each with all its values, and the file, if there is one."""

    fields: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    file: SentFile | None = None

    def add(self, name: str, value: str) -> None:
        """One value more."""
        self.fields.setdefault(name, []).append(value)


async def read_form(request: Request) -> Form:
    """What was sent. Raises Invalid where it is no form."""
    told = request.headers.get("content-type", "")
    media = told.partition(";")[0].strip().lower()
    if media not in (PLAIN, WITH_FILE):
        raise Invalid(f"a form is sent as {PLAIN}")
    body = await request.body()
    try:
        return _plain(body) if media == PLAIN else _with_file(body, told)
    except ValueError as fault:
        raise Invalid(f"the form cannot be read: {fault}") from fault


def _plain(body: bytes) -> Form:
    form = Form()
    text = body.decode("utf-8")
    for name, value in parse_qsl(
        text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
    ):
        form.add(name, value)
    return form


def _with_file(body: bytes, told: str) -> Form:
    """Parts between boundaries: a head, an empty line, content as it is. Source: RFC 7578."""
    found = BOUNDARY.search(told)
    if found is None:
        raise ValueError("it has no boundary")
    # The first boundary has no line before it.
    parts = (b"\r\n" + body).split(b"\r\n--" + found[1].encode())
    if len(parts) < 2 or not parts[-1].startswith(b"--") or len(parts) > FIELDS_MAX:
        raise ValueError("its parts do not end, or are too many")
    form = Form()
    for part in parts[1:-1]:
        head, gap, content = part.partition(b"\r\n\r\n")
        lines = head.decode("utf-8")
        name = NAME.search(lines)
        if not gap or name is None:
            raise ValueError("a part of it has no name")
        file_name = FILE_NAME.search(lines)
        if file_name is None:
            form.add(name[1], content.decode("utf-8"))
        elif file_name[1]:
            form.file = SentFile(_last(file_name[1].replace("%22", '"')), _media(lines), content)
    return form


def _last(name: str) -> str:
    """A name without folders and signs that no line shows."""
    return "".join(one for one in re.split(r"[/\\]", name)[-1] if one.isprintable()).strip()


def _media(lines: str) -> str:
    for line in lines.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-type" and MEDIA.fullmatch(value.strip()):
            return value.strip()[:100]
    return ANY_MEDIA
