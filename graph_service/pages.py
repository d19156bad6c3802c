"""Cursors of long lists: opaque to the caller, exact for us."""

import base64
import binascii
import json
from typing import Any

from graph_service.errors import Invalid


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
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as fault:
        raise CursorInvalid("the cursor is not one of this list") from fault
    fits = isinstance(values, list) and [type(value) for value in values] == list(kinds)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if not fits:
        raise CursorInvalid("the cursor is not one of this list")
    return values  # pyright: ignore[reportUnknownVariableType]
