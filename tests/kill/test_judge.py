"""The rules by which a run of the kill harness is judged, one by one, without any process."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import kill_judge
from tests.support.kill_judge import Facts, judged

ID = frozenset({"wdl_1"})
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Child:
    """How a child ended, by hand."""

    said: tuple[str, ...] = ()
    code: int = -9
    is_stuck: bool = False

    @property
    def was_killed(self) -> bool:
        return self.code == -9 and not self.is_stuck

    def told(self, word: str) -> list[str]:
        return [line.removeprefix(word).strip() for line in self.said if line.split(" ")[0] == word]


def found(state: str = "likely", *, candidates: tuple[str, ...] = ("wdl_1",), **changes: Any) -> dict[str, Any]:
    steps = [["armed", "protocol"], ["sending", "protocol"], ["unknown", "recovery"], [state, "lists"]]
    intent = {"uuid": "u", "state": state, "id": None, "candidates": candidates, "steps": steps}
    audit = [[2, "armed", "u"], [3, "recovered", "u"], [4, state, "u"]]
    return {"refusal": "", "intents": [intent], "audit": audit} | changes


def facts(*starts: dict[str, Any], victim: Child | None = None, **changes: Any) -> Facts:
    both = starts if len(starts) == 2 else (*starts, *starts)
    recovered = Child(tuple(f"found {json.dumps(each)}" for each in both), 0)
    counted = {"posts": 1, "executed": ID, "posts_at_end": 1, "executed_at_end": ID} | changes
    return Facts(**counted, victim=victim or Child(("armed",)), interrupted=None, recovered=recovered)


def test_a_run_in_which_all_is_well() -> None:
    assert judged(facts(found())) == []


NOTHING = {"posts": 0, "executed": NONE, "posts_at_end": 0, "executed_at_end": NONE}


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        (facts(found(), posts=2, posts_at_end=2), kill_judge.DUPLICATE),
        (facts(found(), executed_at_end=ID | {"wdl_2"}, executed=ID | {"wdl_2"}), kill_judge.DUPLICATE),
        (facts(found(), posts=0, executed=NONE), kill_judge.RESENT),
        (facts(found(intents=[])), kill_judge.LOST),
        (facts(found(intents=[]), **NOTHING), kill_judge.LOST),
        (facts(found("not sent")), kill_judge.DENIED),
        (facts(found("not received")), kill_judge.DENIED),
        (facts(found(), found("unknown")), kill_judge.DIFFERS),
        (facts(found(refusal="It can't be trusted.")), kill_judge.DISTRUSTED),
        (facts(found("sending")), kill_judge.UNRECOVERED),
        (facts(found("unknown", candidates=())), kill_judge.UNFOUND),
        (facts(found(candidates=("wdl_9",))), kill_judge.UNFOUND),
        (facts(found(candidates=("wdl_1", "wdl_9"))), kill_judge.UNFOUND),
        (facts(found(), **NOTHING), kill_judge.INVENTED),
        (facts(found(audit=[[2, "armed", "u"], [3, "likely", "u"]])), kill_judge.UNAUDITED),
        (facts(found(), victim=Child(("armed",), 0)), kill_judge.MISSED),
        (facts(found(), victim=Child(("armed", "trace it broke"))), kill_judge.BROKEN),
    ],
)
def test_what_is_wrong_is_named(run: Facts, wrong: str) -> None:
    assert wrong in judged(run)


def test_an_order_that_was_never_armed_is_not_lost() -> None:
    assert judged(facts(found(intents=[], audit=[]), victim=Child(), **NOTHING)) == []
