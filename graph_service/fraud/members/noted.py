"""Which members does a scan note, how does the model score them, and in what words?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import Any, Final

from graph_service.fraud.canary import SIGN
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.members.kept import NAME, model_in_force, models_folder
from graph_service.fraud.members.scoring import Scores, Why, explain, score_members
from graph_service.fraud.members.wording import en_of, zh_of
from graph_service.fraud.scene import Scene

# From which score on a member is noted: that from which findings are kept, too.
NOTED_MIN: Final = 0.3
# So many are written in a few seconds.
NOTED_MAX: Final = 2_000
REASONS_MAX: Final = 5
SCORE_DECIMALS: Final = 6
TAILS: Final = "tails"


@dataclass(frozen=True)
class Noted:
    """Members of note, whom to look at first first. version: of the model that scored them.

    rows: memberId, model and joined (0 to 1), amountMinor, reasons. notes: limits that were met,
    and why there is no trained model.
    """

    version: str
    rows: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())


def noted_members(
    scene: Scene,
    findings: Sequence[Finding],
    *,
    graded: Sequence[Finding] | None = None,
    folders: Sequence[Path] = (),
    most: int = NOTED_MAX,
) -> Noted:
    """The members whose joined score is NOTED_MIN or more, at most so many.

    graded: as `score_members` has it. folders: of models, the first that has one counts, those that
    come with the service last.
    Cost: that of `score_members`, and 1 s for 2,000 members' reasons.
    """
    model, why = model_in_force(*folders, models_folder())
    scores = score_members(scene, findings, model, graded=graded)
    names = scene.snapshot.names["member"]
    high = scores.queue[scores.p[scores.queue] >= NOTED_MIN]
    own = [int(one) for one in high if not names[int(one)].startswith(SIGN)]
    notes = [*([] if why is None else [why]), *scores.notes]
    if len(own) > most:
        notes.append(
            f"{len(own):,} members score {NOTED_MIN:g} or more, of whom {most:,} are kept:"
            " those with the most score times money"
        )
    kept = own[:most]
    reasons = explain(scores, kept, top=REASONS_MAX)
    rows = tuple(
        _row(scores, names[one], one, said) for one, said in zip(kept, reasons, strict=True)
    )
    version = TAILS if scores.model is None else f"{NAME}-{scores.model.version}"
    return Noted(version, rows, tuple(dict.fromkeys(notes)))


def _row(scores: Scores, member_id: str, member: int, reasons: Sequence[Why]) -> dict[str, Any]:
    return {
        "memberId": member_id,
        "model": round(float(scores.p_model[member]), SCORE_DECIMALS),
        "joined": round(float(scores.p[member]), SCORE_DECIMALS),
        "amountMinor": round(float(scores.money_minor[member])),
        "reasons": [_told(one, is_trained=scores.is_trained) for one in reasons],
    }


def _told(why: Why, *, is_trained: bool) -> dict[str, Any]:
    return {
        "feature": why.feature,
        "value": None if isnan(why.value) else round(why.value, SCORE_DECIMALS),
        "percentile": None if isnan(why.value) else round(why.percentile, 2),
        "contribution": round(why.contribution, SCORE_DECIMALS),
        "zh": zh_of(why, is_trained=is_trained),
        "en": en_of(why, is_trained=is_trained),
    }
