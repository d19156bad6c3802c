"""Which version of a learned model is in force, and is it the one that was saved?

<folder>/<name>/<version>/model.skops     what was learned; never a pickle
                          manifest.json   its hash, libraries, columns, figures
                          card.md         what it is for, for people
"""

# skops and scikit-learn are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, cast

from graph_service.errors import Conflict, ModelUnavailable

MODEL, MANIFEST, CARD = "model.skops", "manifest.json", "card.md"
LIBRARIES = ("scikit-learn", "numpy", "scipy", "skops")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# What a model file may hold besides what skops trusts by itself: our classifier, and what
# scikit-learn's histogram boosting and its calibration keep inside.
TRUSTED = (
    "graph_service.learning.classifier.GraphFeatureClassifier",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True)
class Model:
    """A model that was loaded. manifest: as it was saved. card: Markdown."""

    name: str
    version: str
    estimator: Any
    manifest: Mapping[str, Any]
    card: str


def save_model(
    folder: Path, name: str, version: str, estimator: Any, *, manifest: Mapping[str, Any], card: str
) -> Path:
    """Save a fitted estimator as a version, whole or not at all. Returns the version's folder.

    manifest: features (names), metrics and created (RFC 3339) by the caller; the hash and the
    versions of libraries are added. A saved version stands: Conflict where there is one.
    Raises ModelUnavailable where the estimator holds what may not be loaded again.
    """
    place = _place(folder, name, version)
    if place.exists():
        raise Conflict(f"model {name} has a version {version} already")
    from skops.io import dumps

    content = dumps(estimator)
    _require_trusted(content, f"model {name} {version}")
    told = {
        **manifest,
        "name": name,
        "version": version,
        "sha256": sha256(content).hexdigest(),
        "libraries": {one: installed(one) for one in LIBRARIES},
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=".new-", dir=place.parent))
    try:
        made.chmod(0o755)
        (made / MODEL).write_bytes(content)
        text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)
        (made / MANIFEST).write_text(text + "\n", encoding="utf-8")
        (made / CARD).write_text(card, encoding="utf-8")
        made.rename(place)
    finally:
        rmtree(made, ignore_errors=True)
    return place


def load_model(
    folder: Path, name: str, version: str | None = None, *, features: Sequence[str] | None = None
) -> Model:
    """The model of a version, by default the newest; only if it is what was saved.

    features: the names that the caller will give, in order. Raises ModelUnavailable where there is
    none, where the file's hash or these names differ, where another minor version of scikit-learn
    saved it, and where it holds a type that is not trusted.
    """
    version = version or _newest(folder, name)
    place, told = _place(folder, name, version), f"model {name} {version}"
    try:
        content = (place / MODEL).read_bytes()
        manifest: Any = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        card = (place / CARD).read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise ModelUnavailable(f"{told} cannot be read: {fault}") from fault
    if not isinstance(manifest, dict):
        raise ModelUnavailable(f"{told} has a manifest that is no object")
    known = cast(dict[str, Any], manifest)
    if known.get("sha256") != sha256(content).hexdigest():
        raise ModelUnavailable(f"{told} is not the file that was saved: its hash differs")
    _require_library(known, told)
    if features is not None and list(features) != known.get("features"):
        raise ModelUnavailable(
            f"{told} was learned from other features: {_differing(known, features)}"
        )
    _require_trusted(content, told)
    from skops.io import loads

    return Model(name, version, loads(content, trusted=list(TRUSTED)), known, card)


def _place(folder: Path, name: str, version: str) -> Path:
    for one in (name, version):
        if not NAME.fullmatch(one):
            raise ModelUnavailable(f"{one!r} is no name of a model or a version")
    return folder / name / version


def _newest(folder: Path, name: str) -> str:
    """The greatest version, numbers in it compared as numbers."""
    place = _place(folder, name, "0").parent
    found = [one.parent.name for one in place.glob(f"*/{MANIFEST}") if one.parent.name[0] != "."]
    if not found:
        raise ModelUnavailable(f"there is no model {name} in {folder}")
    return max(found, key=_ordered)


def _ordered(version: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", version)
    ]


def _require_library(manifest: Mapping[str, Any], told: str) -> None:
    saved = str(dict(manifest.get("libraries") or {}).get("scikit-learn", "unknown"))
    here = installed("scikit-learn")
    if saved.split(".")[:2] != here.split(".")[:2]:
        raise ModelUnavailable(f"{told} was saved by scikit-learn {saved} and this is {here}")


def _differing(manifest: Mapping[str, Any], features: Sequence[str]) -> str:
    saved = set(map(str, manifest.get("features") or ()))
    missing, new = sorted(saved - set(features)), sorted(set(features) - saved)
    parts = [
        f"{what} {', '.join(some[:5])}"
        for what, some in (("without", missing), ("with", new))
        if some
    ]
    return "; ".join(parts) or "in another order"


def _require_trusted(content: bytes, told: str) -> None:
    """Raises ModelUnavailable where the file is damaged or holds a type that is not trusted."""
    from zipfile import BadZipFile

    from skops.io import get_untrusted_types

    try:
        strange = sorted(set(get_untrusted_types(data=content)) - set(TRUSTED))
    except (BadZipFile, KeyError, ValueError, TypeError) as fault:
        raise ModelUnavailable(f"{told} is no skops file: {fault}") from fault
    if strange:
        raise ModelUnavailable(f"{told} holds types that are not trusted: {', '.join(strange)}")
