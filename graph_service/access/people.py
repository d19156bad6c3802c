"""Who signs with which key? Keys that were rotated one to the next are one person's.

A person signs as the name and id of a key; the key of the settings has an id alone.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from graph_service.access.keys import ApiKey
from graph_service.access.ring import BOOTSTRAP
from graph_service.graph.session import Read, Row

SIGNED: Final = re.compile(r"\(([^()\s]+)\)$")
# How often a key is followed to the one it was rotated to: daily for some three years.
ROTATIONS_MAX: Final = 1_000
KEYS_MAX: Final = 1_000


def signature(key: ApiKey) -> str:
    """Who did it, for those who read it later."""
    return signed(key.name, key.key_id)


def signed(name: str | None, key_id: str) -> str:
    """A signature of a key's name and id."""
    return f"{name} ({key_id})" if name else key_id


def key_id_of(word: str) -> str:
    """Id of the key that a signature names; what is no signature stays as it is."""
    found = SIGNED.search(word)
    return found[1] if found else word


async def persons_of(read: Read, signatures: Iterable[str]) -> dict[str, str]:
    """By signature the person: equal where one key was rotated to the other."""
    persons = {one: key_id_of(one) for one in signatures}
    if len(set(persons.values())) < 2:
        return persons
    for _ in range(ROTATIONS_MAX):
        row = (await read("access/list_successors", keyIds=sorted(set(persons.values()))))[0]
        after = dict(zip(row["keyIds"], row["successorIds"], strict=True))
        if not after:
            break
        persons = {one: after.get(key_id, key_id) for one, key_id in persons.items()}
    return persons


async def is_among(read: Read, who: str, others: Collection[str]) -> bool:
    """Whether who signs so is one of these people."""
    persons = await persons_of(read, {who, *others})
    return persons[who] in {persons[one] for one in others}


async def signature_meant(read: Read, word: str, now_ms: int) -> str | None:
    """Signature of the one person whom a signature, an id of a key or a name means.

    A name counts while its key works. None where nobody, or more than one, is meant.
    """
    if word == BOOTSTRAP:
        return BOOTSTRAP
    rows = await _keys(read, [key_id_of(word)], now_ms, name=word)
    exact = [row for row in rows if word in (row["keyId"], signed(row["name"], row["keyId"]))]
    named = exact or [row for row in rows if row["name"] == word]
    found = [signed(row["name"], row["keyId"]) for row in named]
    persons = await persons_of(read, found)
    if len(set(persons.values())) != 1:
        return None
    # Of several keys of one person the one that was rotated to last: it signs from now on.
    return next((one for one in found if key_id_of(one) == persons[one]), found[0])


async def signatures_meant(read: Read, word: str, now_ms: int) -> list[str]:
    """The word and, where it means one person, all that this person signs and signed as."""
    meant = await signature_meant(read, word, now_ms)
    if meant is None:
        return [word]
    found, known, waiting = {word, meant}, set[str](), {key_id_of(meant)}
    while waiting and len(known) < KEYS_MAX:
        rows = await _keys(read, sorted(waiting), now_ms)
        known |= waiting
        found |= {signed(row["name"], row["keyId"]) for row in rows}
        linked = {one for row in rows for one in (row["keyId"], row["replacedBy"])}
        waiting = {one for one in linked if one is not None} - known
    return sorted(found)


async def _keys(
    read: Read, key_ids: Collection[str], now_ms: int, *, name: str | None = None
) -> list[Row]:
    return await read(
        "access/list_keys_meant",
        keyIds=list(key_ids),
        name=name,
        nowMillis=now_ms,
        limit=KEYS_MAX,
    )
