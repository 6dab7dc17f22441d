import pytest

from assistant import Article
from assistant.verify import verify
from assistant.words import Weights

QUOTE = "Ticket prices rise by 12 percent to 84 crowns, the company Nordsund said."


@pytest.mark.parametrize(
    ("claim", "verdict", "missing"),
    [
        ("According to Nordsund, prices rise by 12 percent.", "supported", ()),
        ("Ticket prices rise by twelve percent, Nordsund said.", "supported", ()),
        ("Ticket prices rise by 12 percent to 99 crowns.", "partly", ("99",)),
        ("Ticket prices rise by 12 percent to 84 crowns, Brandt said.", "partly", ("Brandt",)),
        ("The captain hates fog and rain.", "not in article", ("captain", "fog", "hate", "rain")),
    ],
)
def test_numbers_names_and_words_must_stand_in_the_evidence(
    article: Article, claim: str, verdict: str, missing: tuple[str, ...]
) -> None:
    check = verify(claim, [QUOTE], Weights(article))
    assert (check.verdict, check.missing) == (verdict, missing)


def test_a_name_may_come_from_the_question_and_a_number_may_not(article: Article) -> None:
    asked = "Does Brandt pay 99 crowns?"
    claim = "Brandt pays, as ticket prices rise by 12 percent to 99 crowns."
    assert verify(claim, [QUOTE], Weights(article), asked=asked).missing == ("99",)


def test_without_evidence_nothing_is_supported(article: Article) -> None:
    check = verify("A ticket costs 84 crowns.", [], Weights(article))
    assert (check.verdict, check.score) == ("not in article", 0.0)
