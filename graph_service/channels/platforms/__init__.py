"""Which platforms are there? Each is one file here with its mapping; whatever is here is known."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from graph_service.channels.callbacks import Platform


def platforms() -> Mapping[str, Platform[Any]]:
    """Every platform of this folder, by its name."""
    found: dict[str, Platform[Any]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        platform = getattr(import_module(f"{__name__}.{module.name}"), "PLATFORM", None)
        if not isinstance(platform, Platform):
            raise TypeError(f"{module.name} has no PLATFORM")
        found[platform.name] = platform  # pyright: ignore[reportUnknownMemberType]
    return found
