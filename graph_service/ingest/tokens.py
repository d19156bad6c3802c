"""Identifier values become keyed tokens before anything is stored, logged or quarantined."""

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from graph_service.ingest.envelope import DATA
from graph_service.settings import Settings

TOKEN_HEX_DIGITS = 32
_TOKEN = re.compile(r"[a-z]+:[0-9a-f]{32}")
_KNOWN_FIELDS = frozenset(
    field.alias or name for model in DATA.values() for name, field in model.model_fields.items()
) | {"productId", "categoryId", "quantity", "amountMinor", "lines", "identifiers", "kind"}


@dataclass(frozen=True)
class Tokeniser:
    """Turns values into tokens with HMAC-SHA-256 under the pepper; equal values, equal tokens."""

    pepper: bytes

    def token(self, kind: str, value: str) -> str:
        """The token of a value: its kind and 128 bits in hex. A token is its own token."""
        if _TOKEN.fullmatch(value) and value.startswith(f"{kind}:"):
            return value
        normal = unicodedata.normalize("NFKC", value).strip().casefold()
        digest = hmac.new(self.pepper, f"{kind}\0{normal}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}:{digest[:TOKEN_HEX_DIGITS]}"

    def tokenised(self, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        """The same valid data with tokens in place of identifier values."""
        if event_type == "identity.observed":
            return {**data, "value": self.token(data["kind"], data["value"])}
        if data.get("identifiers"):
            items = cast(list[dict[str, Any]], data["identifiers"])
            tokens = [{**item, "value": self.token(item["kind"], item["value"])} for item in items]
            return {**data, "identifiers": tokens}
        return data

    def redacted(self, content: object) -> object:
        """Any content with every string that might be an identifier's value made a token.

        For events that broke their contract: strings under `value` and under fields that no
        event has are made tokens, whatever their depth; known fields are kept.
        """
        if isinstance(content, dict):
            fields = cast(dict[str, object], content)
            kind = fields.get("kind")
            kind = kind if isinstance(kind, str) and len(kind) <= TOKEN_HEX_DIGITS else "unknown"
            return {
                name[:128]: self._redacted_field(name, value, kind)
                for name, value in fields.items()
            }
        if isinstance(content, list):
            return [self.redacted(item) for item in cast(list[object], content)]
        return content

    def _redacted_field(self, name: str, value: object, kind: str) -> object:
        if name != "value" and (name in _KNOWN_FIELDS or isinstance(value, (dict, list))):
            return self.redacted(cast(object, value))
        if value is None or isinstance(value, bool):
            return value
        return self.token(kind, str(value))


def read_pepper(settings: Settings) -> bytes:
    """The pepper from the settings, else from the data folder, where it is made once."""
    if settings.pepper is not None:
        return settings.pepper.get_secret_value().encode()
    return read_secret(settings.data_dir / "pepper").encode()


def read_secret(path: Path) -> str:
    """The secret kept in a file of mode 600; made on first use, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.part")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()
