"""Cursors of long lists: opaque to the caller, exact for us."""

import base64
import binascii
import json
from typing import Any, cast

from graph_service.errors import Invalid

# Later than any time that is stored (ms since 1970).
MILLIS_MAX = 10**14


class CursorInvalid(Invalid):
    """The cursor is not one that we gave."""

    code = "invalid_cursor"


def encode_cursor(values: list[Any]) -> str:
    """A cursor that holds the last item's sort keys."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: tuple[type, ...]) -> list[Any]:
    """The sort keys in a cursor, each of its kind. Raises CursorInvalid."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values: object = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as fault:
        raise CursorInvalid("the cursor is not one of this list") from fault
    if not isinstance(values, list):
        raise CursorInvalid("the cursor is not one of this list")
    items = cast("list[object]", values)
    if [type(item) for item in items] != list(kinds) or not all(map(_is_sane, items)):
        raise CursorInvalid("the cursor is not one of this list")
    return items


def _is_sane(item: object) -> bool:
    """Could we have given this: a time since 1970 (ms), or text that is text?"""
    if isinstance(item, int):
        return 0 <= item <= MILLIS_MAX
    return not any("\ud800" <= letter <= "\udfff" for letter in str(item))
