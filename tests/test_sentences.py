import random

import pytest

from assistant.sentences import SentenceStream

REPLY = (
    "According to Dr. A. Moe, “It rose by 2.4 percent. That is a lot.” He left at 5 p.m. today.\n"
    "- First item, e.g. this one.\n- Second item!\n1. A numbered one? Yes. 2) And “a. b” too"
)


def cut(pieces: list[str], language: str = "en") -> list[str]:
    stream = SentenceStream(language)
    return [s for piece in pieces for s in stream.feed(piece)] + stream.end()


def test_any_cut_of_the_stream_gives_the_same_sentences() -> None:
    expected = cut([REPLY])
    assert cut(list(REPLY)) == expected
    rng = random.Random(7)
    for _ in range(40):
        at = sorted(rng.sample(range(len(REPLY)), rng.randint(1, 30)))
        assert cut([REPLY[a:b] for a, b in zip([0, *at], [*at, None], strict=True)]) == expected


def test_joined_they_are_the_text() -> None:
    assert "".join(cut([REPLY])) == REPLY


def test_a_sentence_waits_until_the_next_has_begun() -> None:
    stream = SentenceStream()
    assert stream.feed("He met Dr.") == []
    assert stream.feed(" Moe.") == []
    assert stream.feed(" She") == ["He met Dr. Moe. "]
    assert stream.end() == ["She"]
    assert stream.end() == []


@pytest.mark.parametrize(
    "sentences",
    [
        ["It was hard. ", '"We tried it twice," Dahl said. ', '"It is gone." ', "So it is."],
        ["It was hard. ", "“We tried it twice,” Dahl said. ", "“It is gone.” ", "So it is."],
        ["She calls it a “waste. It was never safe.” ", "So it is."],
        ["It was hard. ", "'Of course,' Dahl said. ", "So it is."],
    ],
)
def test_a_quotation_is_not_cut_and_begins_with_its_mark(sentences: list[str]) -> None:
    assert cut(["".join(sentences)]) == sentences


def test_the_day_of_a_date_ends_no_sentence() -> None:
    told = ["Sie öffnet am 31. Juli. ", "Am 3. Mai war sie zu. ", "Das war 2019. ", "Nun ist 2024."]
    assert cut(["".join(told)], "de") == told


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_is_no_sentence(text: str) -> None:
    assert cut([text]) == []
