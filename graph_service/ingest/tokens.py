"""Identifier values become keyed tokens before anything is stored, logged or quarantined."""

import hashlib
import hmac
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel

from graph_service.identifiers.peppers import read_ring
from graph_service.identifiers.values import normal_form
from graph_service.ids import new_id
from graph_service.ingest.envelope import (
    DATA,
    EXTENSION,
    VALUE_CHARACTERS_MAX,
    AccountLinked,
    Envelope,
    Identifier,
    IdentifierKind,
    IdentityObserved,
    OrderLine,
)
from graph_service.settings import Settings
from graph_service.storage import MOVE, writing

# In place of a hash: the token of values that tell nobody from anybody else.
NOBODY = "0" * 32
_TOKEN = re.compile(r"[a-z]+:[0-9a-f]{32}")
# What is left where something of an erased member stood.
ERASED = "erased"
ERASED_FIELDS = frozenset({"identifiers", "unionId", "text"})
HIDDEN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "account.linked": ("externalId",),
    "visitor.identified": ("visitorId",),
}
KINDS = frozenset(get_args(IdentifierKind))
NESTED: dict[str, type[BaseModel]] = {"lines": OrderLine, "identifiers": Identifier}
# Where sealed content stands: by itself, and for fields that have no business in an event.
SEAL, REST = "redacted", "Unknown"


@dataclass(frozen=True)
class Tokeniser:
    """Turns values into tokens with HMAC-SHA-256 under the pepper; equal values, equal tokens.

    former: peppers from before a rotation that are not retired, newest first.
    """

    pepper: bytes
    former: tuple[bytes, ...] = ()

    def token(self, kind: str, value: str) -> str:
        """The token of a value: its kind and 128 bits in hex. A token is its own token."""
        if _TOKEN.fullmatch(value) and value.startswith(f"{kind}:"):
            return value
        normal = normal_form(kind, value)
        return f"{kind}:{NOBODY}" if normal is None else self._hashed(kind, normal)

    def _hashed(self, kind: str, normal: str) -> str:
        told = f"{kind}\0{normal}".encode("utf-8", "surrogatepass")
        return f"{kind}:{hmac.new(self.pepper, told, hashlib.sha256).hexdigest()[:32]}"

    def tokenised(self, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        """The same valid data with tokens in place of identifier values.

        A value that is nobody's is left out of an order and of an account that is linked.
        """
        if event_type == "identity.observed":
            return {**data, "value": self.token(data["kind"], data["value"])}
        if event_type == "account.linked" and "unionId" in data:
            token = self.token("union", data["unionId"])
            rest = {name: value for name, value in data.items() if name != "unionId"}
            return rest if is_nobodys(token) else {**rest, "unionId": token}
        if data.get("identifiers"):
            items = cast(list[dict[str, Any]], data["identifiers"])
            tokens = [{**item, "value": self.token(item["kind"], item["value"])} for item in items]
            kept = [item for item in tokens if not is_nobodys(item["value"])]
            return {**data, "identifiers": kept}
        return data

    def formerly(self) -> Iterator["Tokeniser"]:
        """What would have made the tokens before each rotation, newest first."""
        return (replace(self, pepper=pepper, former=()) for pepper in self.former)

    def sealed(self, content: object) -> dict[str, object]:
        """Content of which nothing may be kept: one token for all of it; twice is once."""
        if _is_sealed(content):
            return cast("dict[str, object]", content)
        text = json.dumps(content, ensure_ascii=True, sort_keys=True, default=str)
        return {SEAL: self._hashed("unknown", text)}

    def redacted(self, raw: object) -> dict[str, object]:
        """A broken event with only that kept which is known to be no identifier's value.

        Kept: text of the standard attributes, and scalars where the event's type has a field of
        that name. Values of identifiers become tokens, everything else is sealed, so a broken
        event stays broken and redacting it again changes nothing.
        """
        if not isinstance(raw, dict) or _is_sealed(cast(object, raw)):
            return self.sealed(cast(object, raw))
        fields = cast("dict[str, object]", raw)
        kept: dict[str, object] = {}
        for name in Envelope.model_fields:
            if name in fields and name != "data":
                value = fields[name]
                kept[name] = value if isinstance(value, str) else self.sealed(value)
        if "data" in fields:
            kept["data"] = self._redacted_data(fields.get("type"), fields["data"])
        odd = {name: fields[name] for name in fields if not name_is_sane(name)}
        return {**kept, **self._sealed_rest(odd)}

    def _redacted_data(self, event_type: object, data: object) -> dict[str, object]:
        model = DATA.get(event_type) if isinstance(event_type, str) else None
        return self.sealed(data) if model is None else self._redacted_object(model, data)

    def _redacted_object(self, model: type[BaseModel], content: object) -> dict[str, object]:
        if not isinstance(content, dict) or _is_sealed(cast(object, content)):
            return self.sealed(cast(object, content))
        return self._redacted_fields(model, cast("dict[str, object]", content))

    def _redacted_fields(
        self, model: type[BaseModel], fields: dict[str, object]
    ) -> dict[str, object]:
        known = {field.alias or name for name, field in model.model_fields.items()}
        kind = _known_kind(fields.get("kind"))
        kept: dict[str, object] = {}
        for name in sorted(known & fields.keys()):
            value = fields[name]
            if name in NESTED and isinstance(value, list):
                items = cast("list[object]", value)
                kept[name] = [self._redacted_object(NESTED[name], item) for item in items]
            elif name in NESTED:
                kept[name] = self.sealed(value)
            elif name == "value" and model in (IdentityObserved, Identifier):
                whole = isinstance(value, str) and 0 < len(value) <= VALUE_CHARACTERS_MAX
                kept[name] = (
                    self.token(kind or "unknown", str(value)) if whole else self.sealed(value)
                )
            elif name == "unionId" and model is AccountLinked:
                is_text = isinstance(value, str)
                kept[name] = self.token("union", value) if is_text else self.sealed(value)
            elif name == "kind" and model in (IdentityObserved, Identifier):
                kept[name] = kind or self.sealed(value)
            else:
                kept[name] = value if _is_plain(value) else self.sealed(value)
        rest = {name: fields[name] for name in fields if name not in known}
        return {**kept, **self._sealed_rest(rest)}

    def _sealed_rest(self, rest: dict[str, object]) -> dict[str, object]:
        if not rest:
            return {}
        if rest.keys() == {REST}:
            return {REST: self.sealed(rest[REST])}
        return {REST: self.sealed(rest)}


def is_nobodys(token: str) -> bool:
    """Is this the token of a value such as the device id of all who refused to be tracked?"""
    return token.endswith(f":{NOBODY}")


def tokens_in(event_type: str, data: Mapping[str, Any]) -> list[str]:
    """The tokens in tokenised data, in the order of their places."""
    if event_type == "identity.observed":
        return [data["value"]]
    if event_type == "account.linked":
        return [data["unionId"]] if "unionId" in data else []
    return [item["value"] for item in data.get("identifiers", ())]


def without_personal(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Tokenised data of a member that is erased: what the books need, and nothing of who it is."""
    if event_type == "identity.observed":
        return {**data, "value": f"{data['kind']}:{NOBODY}"}
    left = {name: value for name, value in data.items() if name not in ERASED_FIELDS}
    hidden = [name for name in HIDDEN_FIELDS.get(event_type, ()) if name in data]
    return {**left, **dict.fromkeys(hidden, ERASED)}


def without_tokens(content: object) -> object:
    """The same with what `without_personal` takes out, of content that has any shape."""
    if isinstance(content, dict):
        fields = cast("dict[str, object]", content)
        kept = {one: fields[one] for one in fields if one not in ERASED_FIELDS}
        hidden = dict.fromkeys(kept.keys() & {"externalId", "visitorId"}, ERASED)
        return {name: without_tokens(value) for name, value in {**kept, **hidden}.items()}
    if isinstance(content, list):
        return [without_tokens(one) for one in cast("list[object]", content)]
    if isinstance(content, str) and _TOKEN.fullmatch(content):
        return f"{content.partition(':')[0]}:{NOBODY}"
    return content


def name_is_sane(name: str) -> bool:
    """Is this the name of a standard attribute, or one that CloudEvents lets an extension have?"""
    return name in Envelope.model_fields or EXTENSION.fullmatch(name) is not None


def _known_kind(kind: object) -> str | None:
    return kind if isinstance(kind, str) and kind in KINDS else None


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


def _is_sealed(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    fields = cast("dict[str, object]", content)
    token = fields.get(SEAL)
    return fields.keys() == {SEAL} and isinstance(token, str) and bool(_TOKEN.fullmatch(token))


def open_tokeniser(settings: Settings) -> Tokeniser:
    """What makes tokens under the newest pepper, and knows those before it."""
    newest, *former = read_ring(settings, read_pepper(settings))
    return Tokeniser(newest, tuple(former))


def read_pepper(settings: Settings) -> bytes:
    """The first pepper, from which keys, links and webhook secrets follow; no rotation moves it.

    From the settings, else from the data folder, where it is made once.
    """
    if settings.pepper_previous:
        return settings.pepper_previous[-1].get_secret_value().encode()
    if settings.pepper is not None:
        return settings.pepper.get_secret_value().encode()
    return read_secret(settings.data_dir / "pepper").encode()


def read_secret(path: Path) -> str:
    """The secret kept in a file of mode 600; made on first use, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with writing(path.parent, remedy=MOVE):
            _make_secret(path)
    return path.read_text(encoding="utf-8").strip()


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{new_id()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        # Another process may have made it meanwhile.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
