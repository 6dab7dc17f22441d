import random
from pathlib import Path

import pytest

from assistant import Message
from assistant.llm import ReplyCut, Token
from eval.counterfactual import edited
from eval.replay import Replay
from eval.train_checker import changed, cut
from tests.conftest import TEXT
from tests.fakes import FakeLLM

ASKED = [Message("user", "What does a ticket cost?")]


def test_a_reply_is_asked_for_once_and_then_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "replay.jsonl"
    first = Replay(FakeLLM("84 crowns, it says."), path)
    assert "".join(first.stream(ASKED, 10)) == "84 crowns, it says."
    assert first.score(ASKED, ["NOT"]) == [0.0001]
    again = Replay(FakeLLM(), path)
    assert list(again.stream(ASKED, 10)) == list(first.stream(ASKED, 10))
    assert again.score(ASKED, ["NOT"]) == [0.0001]
    assert (first.asked, again.asked) == (2, 0)
    with pytest.raises(IndexError):
        list(again.stream(ASKED, 11))


def test_a_cut_reply_is_cut_again_and_log_probabilities_are_kept(tmp_path: Path) -> None:
    class Sure(FakeLLM):
        def stream(self, messages, max_tokens):  # type: ignore[no-untyped-def]
            yield Token("84", [-0.5])
            raise ReplyCut

    first = Replay(Sure(), tmp_path / "replay.jsonl")
    for again in (False, True):
        llm = Replay(FakeLLM(), tmp_path / "replay.jsonl") if again else first
        stream = llm.stream(ASKED, 10)
        piece = next(stream)
        assert isinstance(piece, Token)
        assert piece.logprobs == (-0.5,)
        with pytest.raises(ReplyCut):
            next(stream)


def test_a_number_or_a_name_is_changed_throughout_the_article() -> None:
    rng = random.Random(1)
    number = edited(TEXT, "What is the price?", ["84 crowns"], rng)
    assert number is not None
    assert "84" not in number.text
    assert number.new in number.text
    name = edited(TEXT, "Who is the mayor?", ["Olof Brandt"], rng)
    assert name is not None
    assert "Brandt" not in name.text
    assert edited(TEXT, "Is Olof Brandt the mayor?", ["Olof Brandt"], rng) is None
    assert edited(TEXT, "Why?", ["it was cold"], rng) is None


def test_training_pairs_are_cut_to_what_shares_words_and_changed_in_one_fact() -> None:
    body = TEXT.split("\n\n", 3)[3]
    assert "84 crowns" in cut(body, "A ticket costs 84 crowns.")
    quote = "Mayor Olof Brandt told Karin Dahl on Monday that 12 ships were lost."
    made = {changed(quote, body, random.Random(seed)) for seed in range(40)} - {None}
    assert len(made) > 5
    assert quote not in made
