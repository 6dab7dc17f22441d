from collections.abc import Sequence
from typing import get_args

import pytest

from assistant.checker import PACKAGED
from assistant.verify import (
    JOINED,
    PARTLY,
    SUPPORTED,
    SURE,
    Fit,
    Verifier,
    bare,
    conflicts,
    may_be_about,
)
from assistant.words import Weights
from tests.fakes import FakeChecker

QUOTES = [
    "Ticket prices rise by 12 percent to 84 crowns, the company Nordsund said.",
    "Mayor Olof Brandt doubts that it will last.",
    "“They promised the same in 2004,” he said.",
    "The ferry will not sail in January.",
    "The island has 640 inhabitants.",
    "The school of Skarholm was closed.",
]


def verifier() -> Verifier:
    return Verifier(QUOTES, Weights(QUOTES), None)


@pytest.mark.parametrize(
    ("claim", "cited", "verdict", "missing"),
    [
        ("Ticket prices rise by 12 percent to 84 crowns.", [0], "supported", ()),
        ("Ticket prices rise by twelve percent to 84 crowns.", [0], "supported", ()),
        ("Ticket prices rise by 12 percent, Petersen said.", [0], "not in article", ("Petersen",)),
        ("Ticket prices rise by 12 percent, Olof said.", [0], "not in article", ("Olof",)),
        ("Ticket prices for Skarholm rise by 12 percent.", [0], "not in article", ("Skarholm",)),
        ("In 2004 ticket prices rise by 12 percent.", [0], "partly", ("2004",)),
        ("In 1999 ticket prices rise by 12 percent.", [0], "not in article", ("1999",)),
        ("Sauna prices rise by 12 percent to 84 crowns.", [0], "partly", ("Sauna",)),
        ("He said: “They promised us ferries in 2004.”", [2], "not in article", None),
        ("The captain hates fog and rain.", [4], "not in article", None),
    ],
)
def test_numbers_names_and_quotations_must_stand_in_the_evidence(
    claim: str, cited: list[int], verdict: str, missing: tuple[str, ...] | None
) -> None:
    check = verifier().check(claim, cited, 0.9)
    assert check.verdict == verdict
    if missing is not None:
        assert check.missing == missing


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("Ticket prices fall by 12 percent to 84 crowns.", 0),
        ("Ticket prices rise by 12 percent to 99 crowns.", 0),
        ("The ferry will sail in January.", 3),
        ("The island has 460 inhabitants.", 4),
    ],
)
def test_what_the_article_says_otherwise_is_contradicted_with_the_sentence(
    claim: str, cited: int
) -> None:
    check = verifier().check(claim, [cited], 0.6)
    assert (check.verdict, check.counter) == ("contradicted", cited)
    assert check.score < 0.5


def test_a_name_may_come_from_the_question_and_a_number_may_not() -> None:
    asked = "Which school, Petersen's or another, was closed?"
    claim = "In Skarholm Petersen's school was closed in 1999."
    assert verifier().check(claim, [5], 0.6, asked).missing == ("1999",)
    assert verifier().check(claim, [5], 0.6).missing == ("1999", "Petersen")


def test_a_name_of_the_question_does_not_take_the_place_of_another() -> None:
    asked = "What does Petersen doubt?"
    claim = "The mayor Petersen doubts that it will last."
    assert verifier().check(claim, [1], 0.6, asked).missing == ("Petersen",)


@pytest.mark.parametrize(
    ("people", "missing"),
    [
        ("Mia Holm came by boat.", ()),
        # Of two Holms it may be the other; and this Mia is somebody else.
        ("Mia Holm came by boat. So did Jon Holm.", ("Mia",)),
        ("Mia Berg came by boat.", ("Mia",)),
    ],
)
def test_a_part_of_a_name_stands_for_it_where_the_article_calls_nobody_else_so(
    people: str, missing: tuple[str, ...]
) -> None:
    quotes = [*people.split(". "), "It was cold.", "It was dark.", "Then Holm left."]
    check = Verifier(quotes, Weights(quotes), None).check(
        "Then Mia Holm left.", [len(quotes) - 1], 0.9
    )
    assert check.missing == missing


def test_a_name_stands_for_its_acronym_and_may_be_written_without_capitals() -> None:
    quotes = [
        "The European Central Bank (ECB) and greece met.",
        "The ECB wants 3 billion euros.",
        "Today jennifer laude is remembered.",
        "Ms laude's family got 2 million pesos.",
    ]
    check = Verifier(quotes, Weights(quotes), None).check
    assert not check("The European Central Bank wants 3 billion euros.", [1], 0.9).missing
    assert not check("Jennifer Laude's family got 2 million pesos.", [3], 0.9).missing
    health = ["The World Health Organization (WHO) met on Monday.", "On Tuesday it wants 3 beds."]
    other = Verifier(health, Weights(health), None).check
    assert other("The World Health Organization wants 3 beds.", [1], 0.9).missing
    assert check("Jennifer Brown's family got 2 million pesos.", [3], 0.9).missing


def test_a_question_repeated_in_another_tense_tells_nothing_new() -> None:
    quotes = ["The crew was part of the team when they won silver in Glasgow.", "It rained."]
    check = Verifier(quotes, Weights(quotes), None).check
    said, asked = "The crew took silver in Glasgow.", "Where did the crew take silver?"
    assert check(said, [0], 0.9, asked).verdict == "partly"
    assert check(said, [0], 0.9, "What about the crew and silver?").verdict == "not in article"


def test_words_of_the_question_do_not_carry_what_the_answer_tells() -> None:
    asked = "What do the 640 inhabitants of the island think of it?"
    invented = "The 640 inhabitants of the island think of it as a splendid idea."
    assert verifier().check(invented, [4], 0.6, asked).verdict == "not in article"
    told = "The 640 inhabitants of the island think of a school that was closed."
    assert verifier().check(told, [4, 5], 0.6, asked).verdict == "partly"


@pytest.mark.parametrize(
    ("quote", "leaves_open"),
    [
        (QUOTES[1], False),
        (QUOTES[2], True),
        ("The company has bought a ship.", True),
        ("A 61-year-old man doubts it.", False),
        ("She is a 61-year-old who doubts it.", True),
    ],
)
def test_evidence_that_points_back_or_names_nobody_leaves_open_whom_it_is_about(
    quote: str, leaves_open: bool
) -> None:
    assert may_be_about("The mayor Petersen doubts it.", [quote]) is leaves_open


def test_without_evidence_nothing_is_supported() -> None:
    check = verifier().check("A ticket costs 84 crowns.", [], 0.0)
    assert (check.verdict, check.score) == ("not in article", 0.0)


def test_a_sentence_of_the_article_is_supported_and_beside_it_its_opposite_is_not() -> None:
    for quote in QUOTES:
        assert verifier().check(quote, [QUOTES.index(quote)], 1.0).verdict == "supported"
    assert conflicts("The ferry will sail in January.", QUOTES[3])
    assert not conflicts("The ferry will not sail in January.", QUOTES[3])


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        ("Petersen", "not in article"),
        ("the Baltic Council", "not in article"),
        ("Britain", "partly"),
        ("the European Union", "partly"),
        ("the United States", "partly"),
        ("Ivan Stone", "not in article"),
        ("Erdogan", "partly"),
        ("the WTO", "partly"),
    ],
)
def test_a_name_is_from_memory_unless_the_article_has_it_in_another_form(
    by: str, verdict: str
) -> None:
    quotes = [
        "The ferry company was fined 84 crowns for noise.",
        "British and EU officials, Olof Brandt among them, met U.S. diplomats and Erdoğan.",
        "The noise is loud.",
    ]
    claim = f"The ferry company was fined 84 crowns for noise by {by}."
    assert Verifier(quotes, Weights(quotes), None).check(claim, [0], 0.9).verdict == verdict


def test_what_is_hardly_likely_is_not_partly_supported() -> None:
    class Doubts(FakeChecker):
        name = PACKAGED

        def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
            return [-30.0 for _ in pairs]

    claim = "In 2004 ticket prices rise for 640 inhabitants by 12 percent."
    doubts = Verifier(QUOTES, Weights(QUOTES), Doubts(""))
    unlikely, likely = (v.check(claim, [0], 0.0) for v in (doubts, verifier()))
    assert unlikely.score < PARTLY < likely.score
    assert (unlikely.verdict, likely.verdict) == ("not in article", "partly")
    assert unlikely.missing == likely.missing == ("2004", "640")


def test_a_word_or_two_are_no_sentence_of_the_article() -> None:
    part = verifier().check("Ticket prices rise.", [0], 0.1)
    fragment = verifier().check("Ticket prices.", [0], 0.1)
    quotes = [*QUOTES, "Fishermen wept."]
    whole = Verifier(quotes, Weights(quotes), None).check("Fishermen wept.", [6], 0.1)
    assert part.score == whole.score == 1.0 > fragment.score
    assert verifier().check("Ticket prices.", [0], 0.1, judge=lambda: -9.0).verdict != "supported"


def test_a_double_difference_is_none() -> None:
    assert not conflicts("Ticket prices did not fall.", "Ticket prices rise.")


def test_vague_numbers_are_not_exact_ones() -> None:
    quotes = ["Tens of thousands of soldiers are hurt each month."]
    check = Verifier(quotes, Weights(quotes), None).check(
        "10,000 soldiers are hurt each month.", [0], 0.8
    )
    assert check.verdict == "contradicted"


@pytest.mark.parametrize(
    ("claim", "rest"),
    [
        ("Yes, it sails.", "it sails."),
        ("The article says the opposite: it sails.", "it sails."),
        ("According to the article, it sails.", "it sails."),
        ("According to Brandt, it sails.", "According to Brandt, it sails."),
        ("This piece is about a bridge.", "a bridge."),
    ],
)
def test_what_an_answer_begins_with_is_not_part_of_its_claim(claim: str, rest: str) -> None:
    assert bare(claim) == rest


def test_one_word_makes_no_sentence_evidence_beside_another() -> None:
    quotes = ["The harbour is dredged before the repairs.", "The ferry cost 84 crowns in the end."]
    check = Verifier(quotes, Weights(quotes), None).check(
        "The repairs cost 84 crowns.", [0, 1], 0.9
    )
    assert check.verdict == "partly"
    assert check.missing == ("repairs",)


def test_a_name_that_opens_a_claim_is_who_the_evidence_follows_on() -> None:
    quotes = ["In 2019 the council praised Nordsund.", "It sold two ships to the island then."]
    made = Verifier(quotes, Weights(quotes), None)
    asked = "What did Nordsund sell?"
    assert made.check("Nordsund sold two ships to the island.", [1], 0.9, asked).missing == ()
    between = [quotes[0], "A rival, Fjordline, opened an office.", quotes[1]]
    made = Verifier(between, Weights(between), None)
    assert made.check("Nordsund sold two ships to the island.", [2], 0.9, asked).missing
    quotes[1] = "Brandt sold it two ships to the island then."
    quotes.append("In May Brandt left.")
    made = Verifier(quotes, Weights(quotes), None)
    assert "Nordsund" in made.check("Nordsund sold two ships.", [1], 0.9, asked).missing


def test_an_age_is_not_given_to_whoever_is_named() -> None:
    quotes = [
        "The victim was named as Nils Holm.",
        "Officers said a 16-year-old boy had been detained.",
        "Nils Holm, aged 17, came from Skarholm.",
    ]
    made = Verifier(quotes, Weights(quotes), None)
    asked = "How old was Nils Holm, and who is the 16-year-old boy?"
    for claim in ("Nils Holm was 16 years old.", "The 16-year-old boy is named Nils Holm."):
        for cited in ([0], [1], [0, 1]):
            assert made.check(claim, cited, 0.9, asked).verdict == "not in article", claim
    assert made.check("Nils Holm, aged 17, came from Skarholm.", [2], 0.9).verdict == "supported"
    for own in ("An 18-year-old Swede was killed.", "A 16-year-old boy named Holm was detained."):
        made = Verifier([own], Weights([own]), None)
        assert made.check(own, [0], 0.9).verdict == "supported", own


def test_a_claim_that_joins_sentences_needs_more() -> None:
    quotes = ["The island has 640 inhabitants.", "Its school was closed in May of 2019."]
    made = Verifier(quotes, Weights(quotes), None)
    claim = "The school of 640 inhabitants was closed in May of 2019."
    check = made.check(claim, [0, 1], 0.9, judge=lambda: 2.0)
    assert SUPPORTED <= check.score < JOINED
    assert check.verdict == "partly"
    assert check.missing == ()
    sure = made.check(claim, [0, 1], 0.9, judge=lambda: 9.0)
    assert sure.score >= JOINED
    assert sure.verdict == "supported"


def test_a_sure_judgement_stands_for_a_word_or_two_but_for_no_name() -> None:
    quotes = [
        "The new bus to the harbour has run every half hour since the summer.",
        "Torvale won.",
    ]
    made = Verifier(quotes, Weights(quotes), None)
    claim = "The new bus to the harbour goes every half hour since the summer."
    assert made.check(claim, [0], 0.9, judge=lambda: SURE - 0.1).missing == ("goes",)
    assert made.check(claim, [0], 0.9, judge=lambda: SURE).verdict == "supported"
    assert made.check(claim, [0, 1], 0.9, judge=lambda: 9.0).verdict == "partly"
    other = claim.replace("The", "Torvale's", 1)
    assert made.check(other, [0], 0.9, judge=lambda: 9.0).verdict == "partly"
    more = claim.replace("the summer", "its last full repair")
    assert made.check(more, [0], 0.9, judge=lambda: 9.0).verdict == "partly"


def test_a_german_noun_of_another_sentence_is_missing_and_no_name_of_somebody_else() -> None:
    quotes = [
        "Der Umbau kostete 7,8 Millionen Euro.",
        "Im Keller begann es.",
        "Alle Hafentaucher waren da.",
        "Die Stadt zahlte mit.",
        "Das Ende kam im Mai.",
    ]
    made = Verifier(quotes, Weights(quotes, "de"), None, "de")
    check = made.check("Der Umbau kostete am Ende 7,8 Millionen Euro.", [0], 0.9)
    assert (check.verdict, check.missing) == ("partly", ("Ende",))


def test_missing_are_the_words_that_the_citations_have_not() -> None:
    quotes = ["The domes cost about 90 euros.", "The mast on the shore is tall."]
    check = Verifier(quotes, Weights(quotes), None).check(
        "The mast on the shore cost about 90 euros.", [0], 0.2, judge=lambda: -1.0
    )
    assert (check.verdict, check.missing) == ("partly", ("mast", "shore"))


def test_a_unit_may_be_said_once_for_several_numbers() -> None:
    quotes = ["The service cost 1.9 million pounds, of which fares brought in 740,000."]
    verifier = Verifier(quotes, Weights(quotes), None)
    assert verifier.check("Fares brought in 740,000 pounds.", [0], 0.9).verdict == "supported"
    assert verifier.check("Fares brought in 740,000 euros.", [0], 0.9).missing == ("740,000",)


def test_a_number_is_not_that_of_what_has_another_by_name() -> None:
    quotes = [
        "Nowhere is the pay of mechanics better than in Holm, at about 24 dollars.",
        "Those who mend planes earn 32 dollars an hour on average.",
        "The pier in Holm is closed for repairs.",
        "The work costs 32 dollars.",
    ]
    check = Verifier(quotes, Weights(quotes), None).check
    said = "Mechanics in Holm earn 32 dollars an hour on average."
    assert check(said, [0, 1], 0.9).missing == ("32",)
    assert not check("The repairs of the pier in Holm cost 32 dollars.", [2, 3], 0.9).missing


def test_an_answer_to_a_question_has_a_fit_of_its_own() -> None:
    claim = "Ticket prices rise a lot for inhabitants."
    scores = {verifier().check(claim, [0], 0.5, fit=fit).score for fit in get_args(Fit)}
    assert len(scores) == 2
    assert 0 < min(scores) < max(scores) < 1


def test_a_number_that_the_article_has_elsewhere_contradicts_nothing() -> None:
    quotes = [
        "In May the dam had cost 63 million crowns, against an estimate of 38 million.",
        "The final cost of the dam was 71 million crowns.",
    ]
    check = Verifier(quotes, Weights(quotes), None).check
    told = check("In the end the dam had cost 71 million crowns.", [0, 1], 0.8)
    assert told.verdict in ("supported", "partly")
    assert check("In May the dam had cost 72 million crowns.", [0], 0.8).verdict == "contradicted"


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("Who pulled out the sailor who couldn't hold the rope?", "partly"),
        ("Why couldn't the cook hold the rope and pull the sailor out?", "contradicted"),
    ],
)
def test_a_clause_of_the_question_that_denies_something_is_not_compared(
    asked: str, verdict: str
) -> None:
    quotes = ["The cook climbed down to hold the rope and pulled out the sailor.", "It snowed."]
    claim = "The cook pulled out the sailor who couldn't hold the rope."
    check = Verifier(quotes, Weights(quotes), None).check(claim, [0], 0.8, asked)
    assert check.verdict == verdict
    assert check.missing == (("who couldn't hold the rope",) if verdict == "partly" else ())


def test_nor_is_what_somebody_is_asked_about_not_having() -> None:
    quotes = ["Parents whose children had missed a dose blamed the phone.", "It snowed."]
    claim = "Parents blamed the phone for children not having missed a dose."
    check = Verifier(quotes, Weights(quotes), None).check
    assert check(claim, [0], 0.8).verdict == "contradicted"
    assert check(
        claim, [0], 0.8, "What do they blame for children not having missed a dose?"
    ).missing


def test_of_two_numbers_that_a_claim_has_neither_is_anothers() -> None:
    quotes = [
        "Germany was slow.",
        "Orders there sank by 29 percent.",
        "In Norway it was 4 percent.",
    ]
    check = Verifier(quotes, Weights(quotes), None).check
    both = "German orders sank by 29 percent, and Norway had 4 percent."
    assert check(both, [1, 2], 0.9).missing != ("29",)
    assert "29" in check("Orders in Norway sank by 29 percent.", [1, 2], 0.9).missing


def test_a_number_in_another_spelling_is_not_told_as_missing() -> None:
    quotes = ["There will be nine minutes to get out.", "Nobody knows when."]
    check = Verifier(quotes, Weights(quotes), None).check(
        "The message of the police is that people have 9 minutes.", [0], 0.5
    )
    assert check.missing
    assert "9" not in check.missing


def test_elsewhere_than_in_english_only_nearly_the_own_words_are_supported() -> None:
    quotes = ["Offen ist dienstags von 10 bis 18 Uhr, donnerstags von 12 bis 20 Uhr.", "Es regnet."]
    check = Verifier(quotes, Weights(quotes, "de"), None, "de").check
    assert check(quotes[0], [0], 0.9).verdict == "supported"
    assert check("Offen ist donnerstags von 10 bis 18 Uhr.", [0], 0.9).verdict == "partly"


def test_an_age_is_not_that_of_a_namesake() -> None:
    quotes = ["Ann Lee, 34, said that her son Bo, five, spent eight days there.", "It rained."]
    check = Verifier(quotes, Weights(quotes), None).check
    assert check("Ann Lee, 34, spent eight days there.", [0], 0.9).verdict != "not in article"
    assert check("Bo Lee, 34, spent eight days there.", [0], 0.9).verdict == "not in article"
