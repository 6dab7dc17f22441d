import pytest

from assistant.voice import (
    again,
    attributed,
    by_author,
    hedged,
    is_named,
    is_opinion,
    is_view,
    keeps,
    quoting,
    source_kind,
    sources,
    unattributed,
    voices,
)
from assistant.voice import speaker as speaker_of
from index import from_text

LEAD = "The harbour of Skarholm was full of ships on the morning after the storm.\n\n"


def speaker(text: str) -> list[str | None]:
    return [v.speaker if v else None for v in voices(from_text(LEAD + text))][1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("According to Olof Brandt, the pier is gone.", ["Olof Brandt"]),
        ("The pier is gone, according to the mayor.", ["the mayor"]),
        ("The pier is gone, according to the mayor of the island, Olof Brandt.", ["Olof Brandt"]),
        ("Karin Dahl said that the ships are safe.", ["Karin Dahl"]),
        ("Yet Karin Dahl said that the ships are safe.", ["Karin Dahl"]),
        ("In Karin Dahl's view the ships are safe.", ["Karin Dahl"]),
        ("Dahl said it was bad. In her view the ships are safe.", ["Dahl", "Dahl"]),
        ("Karin Dahl, the director of Nordsund, said the ships are safe.", ["Karin Dahl"]),
        ("“The ships are safe,” said Karin Dahl.", ["Karin Dahl"]),
        ('"The ships are safe," Dahl said.', ["Dahl"]),
        ("The ships are safe, Karin Dahl said on Monday.", ["Karin Dahl"]),
        ("Two senior officials told reporters that the pier will close.", ["Two senior officials"]),
        ("In May 2015, relatives said the ships are safe.", ["relatives"]),
        ("The airline said so. He added that the ships are safe.", ["The airline", ""]),
        ("The nurse said so. She added that the ships are safe.", ["The nurse", "The nurse"]),
        (
            "His father, Olof Brandt, told reporters that the pier is gone.",
            ["His father, Olof Brandt"],
        ),
        ("Karin Dahl, from Lindvik, who owns two ships, said all is well.", ["Karin Dahl"]),
        ("The pier is gone, says a team led by Karin Dahl.", ["a team led by Karin Dahl"]),
        ("The pier is gone, said Karin Dahl, a former mayor.", ["Karin Dahl"]),
        (
            "Dahl said so. The White House was silent. She said it must close.",
            ["Dahl", None, "Dahl"],
        ),
        (
            "According to Dahl, it had two points: The first was ferries. The second was fish.",
            ["Dahl", "Dahl"],
        ),
        ("Dahl said ships are safe. First, the pier has been old for years.", ["Dahl", None]),
        ("Dahl said all is well. The last ship of the year came in May.", ["Dahl", None]),
        ("Though many officials believe it is safe, he said no.", ["many officials"]),
        ("Industry sources said it is safe. He said the pier is gone.", ["Industry sources", None]),
        ("Industry sources said so. They said it is gone.", ["Industry sources"] * 2),
        ("The council answered by closing the pier.", [None]),
        (
            "The council said so. Karin Dahl, who sails, is sad. She argues that it is safe.",
            ["The council", None, "Karin Dahl"],
        ),
        ("The council said so. He argues that it is not safe.", ["The council", None]),
        (
            "The head of the council said so. He argues that it is safe.",
            ["The head of the council"] * 2,
        ),
        ("mr davis said so. He insisted that the pier is gone.", ["mr davis", "mr davis"]),
        ("If the court denies the motion, the pier will close.", [None]),
        ("Prices vary according to the season.", [None]),
        ("It is safe, according to data gathered by Nordsund.", ["data gathered by Nordsund"]),
        ("It rained, but no one told the residents that the bridge was unsafe.", [None]),
        ("The film, a tale told through letters, opens on Friday.", [None]),
        ("The final say on prices rests with the council.", [None]),
        ("The suspect, Olof Brandt, believed to be armed, fled on Monday.", [None]),
        ("The Gulf states said the ships are safe.", ["The Gulf states"]),
        (
            "Dahl said there are two plans. The second is cheaper. The council would vote on it.",
            ["Dahl", "Dahl", None],
        ),
        ("It leads to what many critics of the plan quietly say is a loss.", [None]),
        ("Russia continues to insist that the ships are safe.", [None]),
        ("“As chief executive I believe the pier must go.”", [None]),
        ("Dahl was calm. She said the ships are safe.", [None, ""]),
        ("Dahl said it was bad. She added that the ships are safe.", ["Dahl", "Dahl"]),
        ("Dahl said, “It was bad.” “We were lucky.”", ["Dahl", "Dahl"]),
        (
            "According to Dahl, there are two plans. The first is a new pier. Nobody was hurt.",
            ["Dahl", "Dahl", None],
        ),
        (
            "According to Dahl, there are two plans. The first is a pier. It would be of wood.",
            ["Dahl", "Dahl", "Dahl"],
        ),
        (
            "Dahl said, “It was bad.” “We were lucky. ‘Yes, very,’ Brandt said.”",
            ["Dahl", "Dahl"],
        ),
        (
            'Dahl said: "I came. "Are you coming?" Brandt left. "I came," he said.',
            ["Dahl", None, "Dahl"],
        ),
        (
            'According to Nordsund News, Karin Dahl said:\n"We sail all winter."',
            ["Nordsund News", "Karin Dahl"],
        ),
        ("Dahl said it was bad.\n\nThe pier is gone.", ["Dahl", None]),
        ("The pier is 90 metres long.", [None]),
        ("Prices in May rose and the ships stayed.", [None]),
        ("The new law allows states to choose.", [None]),
    ],
)
def test_who_says_a_sentence(text: str, expected: list[str | None]) -> None:
    assert speaker(text) == [e or None for e in expected]


def test_a_reporting_clause_gives_what_is_said() -> None:
    had = "Karin Dahl, who had resigned, said the pier was safe, but that it must close."
    (spoken,) = [v for v in voices(from_text(LEAD + had)) if v]
    assert spoken.said.endswith("must close.")
    argued = "The mayor had argued that the pier was safe, but the court closed it."
    (spoken,) = [v for v in voices(from_text(LEAD + argued)) if v]
    assert spoken.said.endswith("was safe")


def test_a_sentence_keeps_its_speaker_by_name_or_description() -> None:
    (named,) = [v for v in voices(from_text(LEAD + "Karin Dahl said all is well.")) if v]
    assert keeps("According to Dahl, all is well.", named)
    assert not keeps("All is well.", named)
    (unnamed,) = [v for v in voices(from_text(LEAD + "Two senior officials said so.")) if v]
    assert keeps("Two officials said so.", unnamed)
    assert not keeps("It is so.", unnamed)


def test_a_sentence_of_an_answer_has_the_speaker_it_names() -> None:
    assert speaker_of("According to Dahl, all is well.") == "Dahl"
    assert speaker_of("Dahl, Brandt, and Nordsund confirmed that all is well.") == ""
    assert speaker_of("The article says that all is well.") == ""
    assert speaker_of("Brandt, who came to Skarholm, on May 11, suggested a new pier.") == ""
    assert speaker_of("All was lost in a storm that fishermen said was the worst.") == ""


def test_a_speaker_is_put_back() -> None:
    assert attributed("The pier is gone.", "The mayor", lower=True) == (
        "According to the mayor, the pier is gone."
    )
    assert attributed("Skarholm is safe.", "Karin Dahl", lower=False) == (
        "According to Karin Dahl, Skarholm is safe."
    )
    assert attributed("Skarholm is safe.", "Local councillor Karin Dahl", lower=False) == (
        "According to local councillor Karin Dahl, Skarholm is safe."
    )
    assert attributed("Skarholm is safe.", "Residents", lower=False).startswith("According to resi")
    assert attributed("It is.", "University of Lindvik", lower=True).startswith("According to Univ")
    assert attributed("It is.", "Labour councillor Dahl", lower=True).startswith("According to Lab")
    for told in (
        "It was a gale, he said.",
        "It was a gale, he told reporters.",
        "She also says it was a gale.",
        "It was a gale, she told the BBC.",
        "It was, he says, a gale.",
    ):
        assert attributed(told, "Karin Dahl", lower=True) == (
            "According to Karin Dahl, it was a gale."
        )
    assert attributed("“It was a gale,” he told Radio Nord.", "Dahl", lower=False) == (
        "According to Dahl, “It was a gale.”"
    )
    said = "“We are glad. You should come,” Dahl said."
    assert quoting("We are glad.", "The mayor", said) == "According to the mayor: “We are glad.”"
    assert quoting("We are sad.", "The mayor", said) == ""
    told = "Karin Dahl told the hearing that World War I had ruined the island."
    assert quoting("World War I had ruined the island.", "Karin Dahl", told) == ""
    assert unattributed("According to the mayor, Olof Brandt, it is gone.") == "It is gone."
    assert unattributed("According to Dahl, its director of ferries, it is gone.") == "It is gone."
    assert unattributed("According to Dahl, the pier, which is old, is gone.").startswith(
        "The pier"
    )
    assert unattributed("Analysts say that it is gone.") == "It is gone."
    assert quoting("The pier is gone.", "The mayor", "“The pier is gone,” Dahl said.") == ""
    assert unattributed("According to Brandt, the pier is gone.") == "The pier is gone."
    assert unattributed("The article says that it is gone.") == "It is gone."


@pytest.mark.parametrize(
    ("sentence", "quote", "expected", "missing"),
    [
        ("It cost 30 crowns.", "It cost about 30 crowns.", "It cost about 30 crowns.", ()),
        (
            "It killed 30 people.",
            "It killed at least 30 people.",
            "It killed at least 30 people.",
            (),
        ),
        ("It took nine weeks.", "It took about nine weeks.", "It took about nine weeks.", ()),
        ("It cost nearly 30 crowns.", "It cost about 30 crowns.", "It cost nearly 30 crowns.", ()),
        (
            "The captain fled.",
            "The captain allegedly fled.",
            "The captain allegedly fled.",
            (),
        ),
        ("Dahl will resign.", "Dahl might resign soon.", "Dahl might resign.", ()),
        ("It will not open.", "It could not open by May.", "It could not open.", ()),
        ("Dahl resigns.", "Dahl might resign soon.", "Dahl resigns.", ("might",)),
        ("Dahl left.", "In May 2015 Dahl left.", "Dahl left.", ()),
        ("Dahl may resign.", "Dahl might resign soon.", "Dahl may resign.", ()),
        ("The pier is long.", "The pier is long and Dahl might go.", "The pier is long.", ()),
    ],
)
def test_hedges_are_put_back_or_named(
    sentence: str, quote: str, expected: str, missing: tuple[str, ...]
) -> None:
    assert hedged(sentence, quote) == (expected, missing)


def test_what_a_correction_takes_back_is_said_by_an_earlier_version() -> None:
    article = from_text(LEAD + "Correction: An earlier version of this report gave 40 crowns.")
    found = voices(article)[-1]
    assert found is not None
    assert found.speaker == "An earlier version of this report"
    assert not keeps("The fare is 40 crowns.", found)
    assert source_kind(found.speaker) == "document"


def test_an_opinion_piece_is_told_from_a_report() -> None:
    report = from_text("Pier must be rebuilt, says mayor\n\n" + LEAD + "It must open by May.")
    opinion = from_text("Opinion\n\nBuild the pier again\n\n" + LEAD + "Skarholm should build it.")
    assert is_opinion(opinion)
    assert is_opinion(from_text(LEAD + "I saw it. I think it is bad. My view is that I am right."))
    assert not is_opinion(from_text(LEAD + "“I think I know my island,” he said."))
    unclosed = LEAD + '"I came. "I saw," he said. "I know my island," he said. "I do." He left.'
    assert not is_opinion(from_text(unclosed))
    asked = (
        "Q: Why?\n\nA: I saw it.\n\nQ: And then?\n\nA: I left my house.\n\nQ: When?\n\nA: In May."
    )
    assert not is_opinion(from_text(LEAD + asked))
    assert not is_opinion(report)
    assert is_view("Skarholm should build it.")
    assert is_view("A pier would keep the island alive.")
    assert not is_view("He would later become the mayor.")
    assert not is_view("“We should build it,” he said.")
    assert by_author("The author proposes a new pier.")
    assert not by_author("A new pier is needed.")


def test_who_speaks_alone_and_with_others_are_two_sources() -> None:
    article = from_text(
        "News of the island\n\nAccording to Brandt and other officials, the ferry is late. "
        "Brandt said it will come. Brandt said they will wait."
    )
    assert [(s.speaker, len(s.sentences)) for s in sources(article)] == [
        ("Brandt", 2),
        ("Brandt and other officials", 1),
    ]


@pytest.mark.parametrize(
    ("speaker", "body", "short"),
    [
        ("its former director Karin Dahl", "Later she said so.", "Karin Dahl"),
        ("Lindvik’s former Mayor Karin Dahl", "", "Karin Dahl"),
        ("Mayor Dahl", "", ""),
        ("its former director Karin Dahl", "They say Dahl did it.", "Dahl"),
        ("the treasurer Karin Dahl", "They say Dahl met Olof Dahl.", "Karin Dahl"),
        ("The Lindvik Evening Post", "", "the Lindvik Evening Post"),
        ("Ada Moe of Coast and Per Lie of Lindvik University", "", ""),
        ("A survey for the newspaper Lindvik Post", "", ""),
        ("Reuters", "", ""),
        ("officials", "", ""),
    ],
)
def test_how_somebody_is_named_again(speaker: str, body: str, short: str) -> None:
    assert again(speaker, body) == (short or speaker)


def test_a_bound_that_is_put_back_in_front_has_a_capital() -> None:
    assert (
        hedged("640 people live there.", "About 640 people do.")[0]
        == "About 640 people live there."
    )


def test_who_has_the_capital_of_a_sentence_only_is_not_named() -> None:
    assert [
        who for who in ("Analysts", "Police", "Critics of it", "Dahl", "The Post") if is_named(who)
    ] == [
        "Dahl",
        "The Post",
    ]
