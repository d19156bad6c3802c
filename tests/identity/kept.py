"""Events after which every property of persons is kept."""

from datetime import timedelta

from tests.worlds import START, Event, event, order_data


def every_person_property() -> list[Event]:
    """Two accounts, one below the other, that sell and turn out to be one; a third that is not."""
    at = START + timedelta(days=1)
    paid = {**order_data("own-below", "some-buyer", 10_000), "shareId": "share-below"}
    card = [{"kind": "payment", "value": "card"}]
    seen = [
        {"memberId": one, "kind": "phone", "value": "13800138000"} for one in ("mine", "second")
    ]
    third = {"fromId": "third", "intoId": "mine", "reason": "asked"}
    bound = [("mine", "above"), ("second", "mine")]
    return [
        *(
            event("referral.bound", f"bind-{one}", at, {"memberId": one, "inviterId": other})
            for one, other in bound
        ),
        event("share.created", "share-below", at, {"shareId": "share-below", "memberId": "second"}),
        event("order.paid", "own-below", at + timedelta(hours=1), {**paid, "identifiers": card}),
        *(event("identity.observed", f"seen-{i}", at, one) for i, one in enumerate(seen)),
        event("member.merged", "third-in", at, third),
    ]


def third_apart() -> list[Event]:
    """The third account is another person's after all."""
    third = {"fromId": "third", "intoId": "mine", "reason": "asked again"}
    return [event("member.unmerged", "third-out", START + timedelta(days=2), third)]
