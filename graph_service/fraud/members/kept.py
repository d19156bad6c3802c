"""Which model of members is in force, and what does its card say?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from graph_service.errors import ModelUnavailable
from graph_service.features.catalogue import FEATURES
from graph_service.fraud.members.scoring import MemberModel
from graph_service.fraud.members.training import (
    BOOSTING,
    CERTAIN,
    HIDDEN_COPIES,
    LATER_PART,
    Trained,
)
from graph_service.model_store import load_model, save_model

NAME: Final = "members"


def models_folder() -> Path:
    """The folder of models: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


def load_member_model(folder: Path, version: str | None = None) -> MemberModel:
    """The model of a version, by default the newest. Raises ModelUnavailable."""
    kept = load_model(folder, NAME, version)
    try:
        told: Mapping[str, Any] = kept.manifest["metrics"]
        return MemberModel(
            columns=tuple(kept.manifest["features"]),
            boosted=kept.estimator,
            slope=float(told["slope"]),
            offset=float(told["offset"]),
            threshold=float(told["threshold"]),
            version=kept.version,
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise ModelUnavailable(f"model {NAME} {kept.version} lacks {fault}") from fault


def model_in_force(*folders: Path) -> tuple[MemberModel | None, str | None]:
    """The newest model of the first folder that has one; None and why where there is none.

    Without one, members are scored by how odd they are, which needs no training.
    """
    reasons: list[str] = []
    for folder in folders or (models_folder(),):
        try:
            return load_member_model(folder), None
        except ModelUnavailable as fault:
            reasons.append(str(fault))
    return None, "scored without a model: " + "; ".join(reasons)


def save_member_model(
    folder: Path, trained: Trained, *, version: str, created: str, source: str
) -> Path:
    """Save a model with its card. created: RFC 3339. source: what it learned from, in words.

    Raises Conflict where there is such a version.
    """
    figures = figures_of(trained)
    manifest = {"features": list(trained.model.columns), "created": created, "source": source}
    return save_model(
        folder,
        NAME,
        version,
        trained.model.boosted,
        manifest={**manifest, "metrics": figures},
        card=card_of(trained, version=version, created=created, source=source),
    )


def figures_of(trained: Trained) -> dict[str, float]:
    """What is told of a model, by name."""
    model = trained.model
    return {
        "slope": model.slope,
        "offset": model.offset,
        "threshold": model.threshold,
        "confirmed": trained.confirmed,
        "cleared": trained.cleared,
        "auroc": trained.auroc,
        "auprc": trained.auprc,
        "laterAuprc": trained.later_auprc,
        "flaggedPart": trained.flagged_part,
        "precision": trained.precision,
        "recall": trained.recall,
    }


def card_of(trained: Trained, *, version: str, created: str, source: str) -> str:
    """The model's card: what it is for, what it learned from, how well, and what it must not do."""
    settings = ", ".join(f"{name} {value}" for name, value in BOOSTING.items())
    return CARD.format(
        version=version,
        created=created,
        source=source,
        columns=len(trained.model.columns),
        hidden=HIDDEN_COPIES,
        catalogue=len(FEATURES),
        confirmed=trained.confirmed,
        cleared=trained.cleared,
        settings=settings,
        certain=", ".join(f"`{name}`" for name in CERTAIN),
        later=f"{LATER_PART:.0%}",
        threshold=f"{trained.model.threshold:.4f}",
        auroc=f"{trained.auroc:.3f}",
        auprc=f"{trained.auprc:.3f}",
        later_auprc=f"{trained.later_auprc:.3f}",
        precision=f"{trained.precision:.3f}",
        recall=f"{trained.recall:.3f}",
        flagged=f"{trained.flagged_part:.4f}",
    )


CARD: Final = """# Members, version {version}

How likely a member of the mall is part of a fraud, from 0 to 1; 0.5 is the threshold of an alert.

- **For:** which members the risk team looks at first, together with the findings of the detectors.
- **Not for:** freezing anybody by itself, pay, ranking or advertising. It knows no age, sex, name
  or place, and no text.
- **Made:** {created}, from {source}.
- **Learned from:** {confirmed} false and {cleared} honest members.
- **Reads:** {columns} numbers, of the {catalogue} in the catalogue, of what neighbours have, and
  how surely detectors found the member, also where they raise no alert.
- **Also learned from:** each false member {hidden} times more as if it hid better, with whole
  families of an honest member's numbers in place of its own; all together weigh as before.
- **Method:** boosted trees (scikit-learn's HistGradientBoosting: {settings}); more of these never
  lowers the score: {certain}. Calibrated by Platt's method on the {later} that was known last.
- **Threshold:** probability {threshold} scores 0.5, so that few honest members reach it there.

| on rings that were not learned from | |
| --- | --- |
| AUROC, out of folds | {auroc} |
| AUPRC, out of folds | {auprc} |
| AUPRC, on what was known last | {later_auprc} |
| precision at the threshold, there | {precision} |
| recall at the threshold, there | {recall} |
| part of members above the threshold, there | {flagged} |

Where it learned from generated worlds, these figures tell how well it knows such worlds, not how
well it will do in a mall: `graph-service evaluate` shifts the camouflage and leaves kinds out.
"""
