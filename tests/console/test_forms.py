"""Forms as browsers send them, files among them."""

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from graph_service.console.forms import PLAIN, Form, SentFile, read_form
from graph_service.errors import Invalid

pytestmark = pytest.mark.anyio
WITH_FILE = "multipart/form-data; boundary=line"


async def form_of(body: bytes, media: str) -> Form:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", media.encode())]
    return await read_form(Request({"type": "http", "headers": headers}, receive))


def sent(fields: list[tuple[str, str]], file: SentFile | None, line: str) -> bytes:
    """A form as RFC 7578 spells it."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields
    ]
    if file is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{file.name}"'
        parts.append(f"{head}\r\nContent-Type: {file.media}\r\n\r\n".encode() + file.content)
    whole = b"".join(f"--{line}\r\n".encode() + one + b"\r\n" for one in parts)
    return whole + f"--{line}--\r\n".encode()


@given(
    values=st.lists(st.text(st.characters(codec="utf-8")), max_size=4),
    content=st.binary(max_size=200),
)
async def test_what_was_sent_comes_out_as_it_was(values: list[str], content: bytes) -> None:
    file = SentFile("截图 1.png", "image/png", content)
    fields = [("a b", one) for one in values]

    form = await form_of(sent(fields, file, "x" * 40), f"multipart/form-data; boundary={'x' * 40}")

    assert form.fields == ({"a b": values} if values else {})
    assert form.file == file


async def test_a_plain_form_has_all_values_of_a_name() -> None:
    form = await form_of(b"a=1&a=%E4%B8%AD&b=", PLAIN)

    assert form.fields == {"a": ["1", "中"], "b": [""]}


async def test_a_file_loses_its_folders_and_an_odd_type() -> None:
    file = SentFile("C:\\fake\\..\\a%22b.txt", "text/html; x", b"1")

    form = await form_of(sent([], file, "line"), WITH_FILE)

    assert form.file == SentFile('a"b.txt', "application/octet-stream", b"1")


async def test_a_form_without_a_chosen_file_has_none() -> None:
    form = await form_of(sent([("a", "1")], SentFile("", "a/b", b""), "line"), WITH_FILE)

    assert (form.fields, form.file) == ({"a": ["1"]}, None)


BROKEN = [
    (b"", WITH_FILE),
    (b"--line\r\n", WITH_FILE),
    (b"--line\r\n\r\nx\r\n--line--", WITH_FILE),
    (b'--line\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--line--', WITH_FILE),
    (b"--line--", "multipart/form-data"),
    (b"a=%ff", PLAIN),
    (b"&".join([b"a=1"] * 700), PLAIN),
    (b"{}", "application/json"),
]


@pytest.mark.parametrize(("body", "media"), BROKEN)
async def test_what_is_no_form_is_refused(body: bytes, media: str) -> None:
    with pytest.raises(Invalid):
        await form_of(body, media)
