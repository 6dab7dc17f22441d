"""The packaged checker, with its real weights."""

import pytest

from assistant.checker import WEIGHTS, CrossEncoderChecker, PackagedChecker
from index import ModelError

EVIDENCE = "Ticket prices rise by 12 percent to 84 crowns, the company Nordsund said on Monday."


@pytest.fixture(scope="module")
def checker() -> PackagedChecker:
    return PackagedChecker()


def test_the_weights_are_small_enough_to_be_kept_in_the_project() -> None:
    assert WEIGHTS.stat().st_size < 30_000_000


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("Ticket prices rise by 12 percent.", "Fishermen welcomed the new harbour."),
        ("Nordsund said that ticket prices rise.", "Nordsund said that the ferry was sold."),
        ("What does a ticket cost? 84 crowns", "Who is the captain? Nordsund"),
    ],
)
def test_what_is_said_scores_above_what_is_not(
    checker: PackagedChecker, true: str, false: str
) -> None:
    high, low = checker.score([(EVIDENCE, true), (EVIDENCE, false)])
    assert high > low + 0.2


def test_a_score_does_not_depend_on_what_else_is_scored(checker: PackagedChecker) -> None:
    claim = "Ticket prices rise by 12 percent."
    alone = checker.score([(EVIDENCE, claim)])
    beside = checker.score(
        [(EVIDENCE * 3, "Something much longer than the other claim."), (EVIDENCE, claim)]
    )
    assert alone[0] == pytest.approx(beside[1])


def test_a_checker_that_cannot_be_loaded_is_one_clear_error() -> None:
    with pytest.raises(ModelError, match="ASSISTANT_CHECKER"):
        CrossEncoderChecker("/nowhere/at-all")
