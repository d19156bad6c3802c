"""What an alert looks like: which nodes are chosen, and the text for the Browser."""

from typing import Any

from graph_service.scans.alerts import KINDS
from graph_service.scans.pictures import EDGES_MAX, MEMBERS_MAX, NODES_MAX, browser_text, chosen


def member(name: str) -> dict[str, Any]:
    return {"id": f"member:{name}", "kind": "member", "label": name, "role": "member"}


def token(name: str) -> dict[str, Any]:
    return {"id": f"token:{name}", "kind": "token", "label": name}


def uses(who: str, what: str) -> dict[str, Any]:
    return {"from": f"member:{who}", "to": f"token:{what}", "type": "USES", "at": 1}


def test_members_linked_most_and_what_most_share_come_first() -> None:
    names = [f"m{number:02}" for number in range(50)]
    nodes = [*map(member, names), *(token(f"t{number:02}") for number in range(40))]
    edges = [uses(one, "t00") for one in names[10:]] + [uses("m49", f"t{n:02}") for n in range(40)]

    picture = chosen(nodes, edges, frozenset(names))

    ids = [one["id"] for one in picture["nodes"]]
    assert len(ids) == NODES_MAX
    assert ids[0] == "member:m49"
    assert len([one for one in ids if one.startswith("member:")]) == MEMBERS_MAX
    assert ids[MEMBERS_MAX] == "token:t00"
    assert not {f"member:m{number:02}" for number in range(10)} & set(ids)
    assert picture["truncated"] is True
    assert all({one["from"], one["to"]} <= set(ids) for one in picture["edges"])


def test_what_the_score_rests_on_comes_before_what_is_linked_more() -> None:
    names = [f"m{number:02}" for number in range(50)]
    nodes = [*map(member, names), *(token(f"t{number:02}") for number in range(40))]
    edges = [uses(one, "t00") for one in names[10:]] + [uses("m49", f"t{n:02}") for n in range(40)]
    weights = {"member:m03": 2.5, "token:t39": 1.5, "token:t38": 0.0}

    picture = chosen(nodes, edges, frozenset(names), weights)

    ids = [one["id"] for one in picture["nodes"]]
    assert ids[:2] == ["member:m03", "member:m49"]
    assert ids[MEMBERS_MAX : MEMBERS_MAX + 2] == ["token:t39", "token:t00"]
    assert [one["weight"] for one in picture["nodes"][:2]] == [2.5, None]


def test_a_small_picture_is_whole() -> None:
    nodes = [member("a"), member("b"), token("t"), token("t")]

    picture = chosen(nodes, [uses("a", "t"), uses("b", "t")], frozenset("ab"))

    assert [one["id"] for one in picture["nodes"]] == ["member:a", "member:b", "token:t"]
    assert picture["nodes"][0]["facts"] == {"role": "member"}
    assert [one["weight"] for one in picture["edges"]] == [None, None]
    assert picture["truncated"] is False


def test_more_edges_than_are_told_are_said() -> None:
    nodes = [member("a"), token("t")]

    picture = chosen(nodes, [uses("a", "t")] * (EDGES_MAX + 1), frozenset("a"))

    assert (len(picture["edges"]), picture["truncated"]) == (EDGES_MAX, True)


def test_the_text_for_the_browser_quotes_ids() -> None:
    odd = ["o'neill", "back\\slash", "'] RETURN 1 //"]

    for kind in KINDS:
        text = browser_text(kind, odd)

        first, _, statement = text.partition("\n")
        assert first == (r":param memberIds => ['o\'neill', 'back\\slash', '\'] RETURN 1 //'];")
        assert "neill" not in statement
        assert "$memberIds" in statement
