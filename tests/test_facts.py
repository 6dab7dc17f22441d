import pytest

from assistant.facts import (
    acronyms,
    listed_names,
    listed_parts,
    names,
    negated,
    opposites,
    quantities,
    quotations,
    repeats,
    swapped,
)
from assistant.words import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80% of it", [("80", "%")]),
        ("eighty percent of it", [("80", "%")]),
        ("80 per cent of it", [("80", "%")]),
        ("tens of thousands of soldiers", [("tens of thousands", "")]),
        ("10,000 soldiers", [("10000", "")]),
        ("two hundred and fifty people", [("250", "")]),
        ("$1.5 million", [("1500000", "$")]),
        ("1.5 million dollars", [("1500000", "$")]),
        ("the visit of May 16–17", [("16", "may"), ("17", "may")]),
        ("on 17 May 2024", [("17", "may"), ("2024", "")]),
        ("3.2 km", [("3.2", "km")]),
        ("one of them, no one", []),
        ("twenty-five ships and three boats", [("25", ""), ("3", "")]),
        ("version 1.2.3", [("1.2.3", "")]),
        (
            "Ana Ruiz, 41, and rooms 12, 24, 36",
            [("41", "year"), ("12", ""), ("24", ""), ("36", "")],
        ),
    ],
)
def test_quantities_are_compared_as_they_are_meant(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(q.value, q.unit) for q in quantities(text)] == expected


def test_acronyms_stand_after_what_they_are_short_for() -> None:
    told = "The European Central Bank (ECB) and the Bank of England (BoE), a rise (see page 3)."
    assert acronyms(told) == [("ECB", "European Central Bank")]
    assert acronyms("The Ministry of Public Works (MPW) is (in part) moving.") == [
        ("MPW", "Ministry of Public Works")
    ]


def test_names_are_capitalised_words_that_do_not_merely_begin_a_sentence() -> None:
    assert names("Karin Dahl said on Monday that Brandt’s plan is bad. The West balked.") == [
        "Karin",
        "Dahl",
        "Monday",
        "Brandt",
        "West",
    ]
    assert names("Fishermen welcomed it.") == []


def test_quotations_have_two_words_at_least() -> None:
    assert quotations('He called it “not a bad deal” and "good", they say.') == ["not a bad deal"]


def test_a_negation_governs_the_words_after_it() -> None:
    assert negated("Russia did not object to membership, but it might later") == {
        "object",
        "membership",
    }
    assert negated("She refused to sign the treaty") == {"sign", "treati"}
    assert negated("It isn’t closed") == {"close"}
    assert negated("They do not tell how many soldiers came") == {"tell"}
    assert negated("not only dogs") == set()
    assert negated("The notes are by none other than the drummer") == set()
    assert negated("It is unlikely hoaxes decided it") == {"hoax", "decid"}
    assert negated("It is not safe, and will be closed until 2030") == {"safe"}
    assert negated("He considered, but does not advise, higher fines") == {"advis", "high", "fine"}
    assert negated("It is old, but is not safe, and will be closed") == {"safe"}


def test_opposites_stand_instead_of_one_another() -> None:
    assert opposites("Prices fell.", "Prices fall and rise.") == []
    assert opposites("Prices will fall.", "Prices rise.") == [("fall", "rise")]
    assert opposites("They reduced the fine.", "The fine was increased.") == [("reduc", "increas")]
    assert opposites("It was before the war.", "It was after the war.") == [("befor", "after")]


def test_names_around_a_verb_can_be_swapped() -> None:
    assert swapped("Dahl accused Brandt.", "Brandt accused Dahl of lying.")
    assert not swapped("Dahl was accused by Brandt.", "Brandt accused Dahl.")
    assert not swapped("Brandt accused Dahl.", "Brandt accused Dahl of lying.")
    assert not swapped("Dahl met Brandt.", "The mayor met nobody.")


def test_a_word_that_also_stands_outside_a_denial_is_not_denied() -> None:
    text = "The renter pays a deposit (not the same as a security deposit) for the option."
    assert negated(text) == set(terms("security same"))
    assert "market" not in negated("The town did not close the market; the market stays.")


def test_what_is_said_twice_is_found() -> None:
    assert repeats(
        "The line runs a line from the old days at the pace of a line from the old days."
    )
    assert not repeats("He can easily go up there, and he can easily go down.")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It stops in Mora, Lindvik, Ekeby, and Sund.", 4),
        ("Olof Brandt, the Lindvik Ferries and Karin Dahl agreed.", 3),
        ("In Mora, he met Ada and Bo.", 0),
    ],
)
def test_the_names_of_a_list_are_counted(text: str, names: int) -> None:
    assert listed_names(text) == names


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It consists of a new pier; two of the sheds; and a road to both.", 3),
        ("They ask to mend the pier, to paint the shed, to close the road, and to sell it.", 4),
        ("After the storm, which was long, the pier was gone.", 0),
        ("It cost 1,200,000 crowns, 1,100 more.", 0),
    ],
)
def test_the_parts_of_a_list_are_counted(text: str, parts: int) -> None:
    assert listed_parts(text) == parts
