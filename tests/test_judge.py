from pathlib import Path

import pytest

from assistant.engine import open_embedder
from assistant.settings import Settings
from eval.judge import Judge, accuracy, replaced, ruling, swapped
from index import from_text
from tests.conftest import TEXT
from tests.fakes import FakeChecker, FakeEmbedder

ARTICLE = from_text(TEXT)
PRICE = "Ticket prices rise by 12 percent to 84 crowns."


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (PRICE, "verbatim"),
        ("ticket prices rise by 12 percent", "verbatim"),
        ("Ticket prices rise by 12 percent to 94 crowns.", "no 94"),
        ("Ticket prices for Gotland rise.", "no Gotland"),
        ("Ticket prices do not rise by 12 percent to 84 crowns.", "says the opposite"),
        ("Its island was closed in 2019.", None),
        ("Tickets get dearer.", None),
    ],
)
def test_rules_decide_what_needs_no_model(claim: str, told: str | None) -> None:
    found = ruling(claim, ARTICLE, evidence=[PRICE])
    assert (told in found) if told and found else found is told


def test_a_number_that_is_computed_and_one_of_the_question_may_be_said() -> None:
    assert ruling("It rises by 9 crowns.", ARTICLE, computed=["9 crowns"]) is None
    assert ruling("In 1999 it ran.", ARTICLE, question="Did it run in 1999?") is None
    assert ruling("It says HACKED.", ARTICLE, forbidden=["hacked"]) is not None


def test_two_parts_in_each_others_place_are_no_paraphrase() -> None:
    quote = "lind hired dahl as a pilot".split()
    assert swapped("dahl hired lind as a pilot".split(), quote)
    assert not swapped("as a pilot lind hired dahl".split(), quote)
    assert not swapped(quote, quote)
    assert not swapped("lind hired brandt as a pilot".split(), quote)


def test_the_model_is_asked_about_the_nearest_and_the_gold_sentences() -> None:
    checker = FakeChecker("dearer")
    judge = Judge(FakeEmbedder(), checker)
    found = judge.judge("Tickets will get dearer soon.", ARTICLE, gold=[PRICE])
    assert found.supported
    assert found.why == "model"
    ((evidence, claim),) = checker.pairs
    assert PRICE in evidence
    assert claim == "Tickets will get dearer soon."
    assert not judge.judge("Tickets will get cheaper soon now.", ARTICLE).supported


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("Ticket prices rise by 15 percent to 91 crowns.", ("15", "12")),
        ("Mr Adler announced on Tuesday that prices rise.", ("Adler", "Lammers")),
        ("On Tuesday Mr Lammers announced that prices rise.", None),
        ("Prices rise, Mr Lammers and Ms Berg announced on Tuesday.", None),
        ("Something else is said by Adler here.", None),
    ],
)
def test_another_name_or_number_in_its_place_is_seen(
    claim: str, found: tuple[str, str] | None
) -> None:
    quotes = [
        "Ticket prices rise by 12 percent to 91 crowns.",
        "Mr Lammers announced on Tuesday that prices rise.",
    ]
    assert replaced(claim, quotes) == found
    assert replaced(claim, [*quotes, claim]) is None


def test_quotes_are_held_against_a_claim_alone() -> None:
    judge = Judge(FakeEmbedder(), FakeChecker("never"))
    assert judge.entails([PRICE], PRICE)
    assert not judge.entails(["Fishermen welcomed the plan."], PRICE)
    assert not judge.entails([], PRICE)
    assert not judge.entails(["..."], PRICE)


@pytest.mark.model
def test_the_real_judge_is_better_than_counting_words() -> None:
    judge = Judge(open_embedder(Settings()))
    found = accuracy(judge)
    assert found.balanced.n >= 150
    assert found.balanced.value > max(0.5, found.floor)
    assert sum(n for _, n in found.kinds.values()) == found.balanced.n


def test_claims_of_one_label_are_no_measure(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text(
        '{"context": "A ship sank.", "claim": "A ship sank.", "label": 1, "group": "a",'
        ' "domain": "x"}\n'
    )
    with pytest.raises(Exception, match="not both"):
        accuracy(Judge(FakeEmbedder(), FakeChecker("never")), path)
