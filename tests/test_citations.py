from collections.abc import Callable

import pytest

from assistant import Article, Assistant
from assistant.words import terms


@pytest.fixture
def assistant(make: Callable[..., Assistant]) -> Assistant:
    return make()


def quotes(
    assistant: Assistant, claim: str, question: str = "", repeated: bool = False
) -> list[str]:
    article: Article = assistant.article
    found = assistant._attributor.attribute(claim, question, repeated).sentences
    return [article.quote(article.sentences[i]) for i in found]


def test_a_sentence_is_attributed_to_the_one_it_rests_on(assistant: Assistant) -> None:
    assert quotes(assistant, "A ticket will cost 84 crowns.") == [
        "Ticket prices rise by 12 percent to 84 crowns."
    ]


def test_a_sentence_that_needs_two_gets_two_in_order(assistant: Assistant) -> None:
    assert quotes(assistant, "The island has 640 inhabitants and its school closed in 2019.") == [
        "The island has 640 inhabitants.",
        "Its school was closed in 2019.",
    ]


def test_the_question_decides_for_a_bare_answer(assistant: Assistant) -> None:
    found = quotes(assistant, "640.", "How many inhabitants has the island?")
    assert found == ["The island has 640 inhabitants."]


def test_what_is_only_the_questions_is_not_cited(assistant: Assistant) -> None:
    asked = "How many inhabitants has the island whose fishermen welcomed the plan?"
    claim = "The island whose fishermen welcomed the plan has 640 inhabitants."
    told = "The island has 640 inhabitants."
    assert quotes(assistant, claim, asked) == [told]
    assert quotes(assistant, claim, asked, repeated=True) == [
        "Fishermen welcomed the plan.",
        told,
    ]


@pytest.mark.parametrize(
    ("then", "cited"),
    [("Divers raised the wreck in 1998.", 1), ("It happened in 1998.", 2)],
)
def test_a_sentence_of_the_questions_words_is_cited_where_the_other_points_back(
    make: Callable[..., Assistant], then: str, cited: int
) -> None:
    text = f"News of the island\n\nThe old ferry Nord sank off Mora. {then} Fog came in March."
    asked = "When did the old ferry Nord sink off Mora?"
    found = quotes(make(text=text), "The old ferry Nord sank off Mora in 1998.", asked)
    assert found == ["The old ferry Nord sank off Mora.", then][-cited:]


def test_whom_only_another_sentence_names_is_missing(make: Callable[..., Assistant]) -> None:
    text = (
        "News of the island\n\nKarin Dahl lives in Lindvik. The ferry sails at noon. Fog came in "
        "March. Snow fell in May. The ice went in June. Olof Brandt has three brown dogs."
    )
    review = make(text=text)._reviewer.review
    asked = "How many dogs has Karin Dahl?"
    claim = review("Karin Dahl has three brown dogs.", asked, {}, judge=lambda: 9.0)
    assert (claim.verdict, claim.missing) == ("partly", ("Karin", "Dahl"))
    assert [c.quote for c in claim.citations] == [
        "Karin Dahl lives in Lindvik.",
        "Olof Brandt has three brown dogs.",
    ]


def test_nothing_in_common_is_no_citation(assistant: Assistant) -> None:
    assert quotes(assistant, "Photosynthesis!") == []


def test_citations_are_exact_and_repeated_text_gets_the_right_occurrence(
    make: Callable[..., Assistant],
) -> None:
    text = (
        "Winter came early. The bell rang twice. Spring came late. The bell rang twice. "
        "Summer was short, and the harvest failed."
    )
    assistant = make(text=text)
    article = assistant.article
    markers: dict[int, int] = {}
    citations = assistant._attributor.cite([1, 3], markers)
    assert [c.marker for c in citations] == [1, 2]
    assert [c.span.start for c in citations] == [text.index("The bell"), text.rindex("The bell")]
    assert all(article.text[c.span.start : c.span.end] == c.quote for c in citations)
    assert assistant._attributor.cite([3], markers)[0].marker == 2


def test_terms_are_content_words_and_numbers() -> None:
    assert terms("The mayor's 1,200 ferries were running in 2.5 hours.") == terms(
        "mayor 1200 ferry run 2.5 hour"
    )


def test_a_list_of_names_has_a_sentence_for_each(make: Callable[..., Assistant]) -> None:
    towns = ("Mora", "Lindvik", "Ekeby", "Sund", "Torsby")
    told = [f"On day {i} the reporter went to {town} by ferry." for i, town in enumerate(towns)]
    assistant = make(text="A week of ferries\n\n" + " ".join(told))
    asked = "Which towns did the reporter visit?"
    assert quotes(assistant, f"They were {', '.join(towns[:4])} and {towns[4]}.", asked) == told
    # No list of names as one writes it.
    assert len(quotes(assistant, "They were Mora and Lindvik and Ekeby and Sund.", asked)) == 3


def test_a_list_has_a_sentence_for_each_of_its_parts(make: Callable[..., Assistant]) -> None:
    steps = ["Mend the pier of Lindvik.", "Paint every shed.", "Close a road.", "Sell old lamps."]
    listing = make(text="\n".join(["News of the town", "", "The report advises this:", *steps]))
    claim = (
        "It advises mending Lindvik pier, painting every shed, closing a road, selling old lamps."
    )
    assert quotes(listing, claim) == steps
