"""Names for things that have none: requests, batches, and the key under which a fact is stored."""

import secrets


def new_id() -> str:
    """A random id of 96 bits, safe in a URL."""
    return secrets.token_urlsafe(12)


def fact_key(source: str, event_id: str) -> str:
    """One string for the pair (source, id); two different pairs never share one."""
    return f"{source.replace('%', '%25').replace(' ', '%20')} {event_id}"
