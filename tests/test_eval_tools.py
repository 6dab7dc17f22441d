from __future__ import annotations

import gzip
import json
import random
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import Answer, Article, Message
from assistant.llm import ReplyCut, Token, finish
from eval import adapter_data, counterfactual, train_adapter
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
    assert finish(first.read(ASKED, ["NOT"])) == [0.0001]
    again = Replay(FakeLLM(), path)
    assert list(again.stream(ASKED, 10)) == list(first.stream(ASKED, 10))
    assert finish(again.read(ASKED, ["NOT"])) == [0.0001]
    assert (first.asked, again.asked) == (2, 0)
    with pytest.raises(IndexError):
        list(again.stream(ASKED, 11))


def test_a_cut_reply_is_cut_again_and_log_probabilities_are_kept(tmp_path: Path) -> None:
    class Sure(FakeLLM):
        def stream(self, messages, max_tokens, banned=""):  # type: ignore[no-untyped-def]
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


@pytest.mark.parametrize(("follows", "rate"), [(True, "100%"), (False, "0%")])
def test_an_answer_from_memory_does_not_follow_the_edit(
    follows: bool,
    rate: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Models:
        def on(self, article: Article) -> Models:
            self.text = article.text if follows else TEXT
            return self

        def ask(self, question: str) -> Answer:
            (told,) = re.findall(r"The island has .*", self.text)
            return Answer(question, question, told)

    monkeypatch.setattr(counterfactual, "open_models", lambda replay: nullcontext(Models()))
    data = tmp_path / "cases.jsonl"
    case = {"id": "a", "article": TEXT, "question": "How many live there?", "answers": ["640"]}
    data.write_text(json.dumps({**case, "answerable": True, "evidence": []}))
    assert counterfactual.main([str(data)]) == 0
    out = capsys.readouterr().out
    assert f"of those answered {rate}" in out
    assert ("How many live there?" in out) is not follows


def test_articles_to_train_on_hold_the_answers_that_they_are_said_to_hold(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for i in range(12):
        place = f"Place{i} near the river"
        context = " ".join(
            f"In {place} number {n} lives Person{i}x{n} with a dog and boats." for n in range(8)
        )
        rows += [
            {
                "source": "squad_qa",
                "context": context,
                "claim": f"Who lives at number {n} in {place}? Person{i}x{n}",
                "label": 1,
            }
            for n in range(8)
        ]
        asked = f"Who built {place}? Person{i}x1"
        rows.append({"source": "squad_qa", "context": context, "claim": asked, "label": 0})
    path = tmp_path / "pairs.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    right = {r["claim"].split("? ")[0] + "?": r["claim"].split("? ")[1] for r in rows if r["label"]}
    made = list(adapter_data.answerable(path, 1))
    kinds = set()
    for example in made:
        for item in example.items:
            kinds.add(item.kind)
            assert item.label == (right.get(item.question, "nobody") + " " in example.article)
    assert kinds >= {"answered", "left out", "never had one"}


def test_the_adapter_is_trained_on_claims_as_replies_to_questions(tmp_path: Path) -> None:
    told = "The ferry sails at nine with Olof Brandt. A ticket costs 84 crowns."
    rows = [
        ("squad_qa", told, "Who sails at nine? the ferry", 1),
        ("squad_qa", told, "What costs 84 crowns? A boat.", 0),
        ("defacto", told, "The ferry sails early.", 1),
        ("defacto", "x" * 8000, "Too long a context.", 1),
        ("other", told, "No such source.", 1),
        ("factcg_doc", told, "Tickets cost 84 crowns.", 1),
    ]
    path = tmp_path / "claims.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for source, context, claim, label in rows:
            row = {"source": source, "context": context, "claim": claim, "label": label}
            file.write(json.dumps(row) + "\n")
    every = set()
    for seed in range(20):
        made = [(e.article, i) for e in adapter_data.supported(path, seed) for i in e.items]
        assert {a for a, _ in made} == {told}
        found = {(i.question, i.reply.casefold(), i.label, i.kind) for _, i in made}
        replies = ("the ferry", "the ferry sails at nine.")
        assert found & {("Who sails at nine?", reply, 1, "squad_qa") for reply in replies}
        assert found >= {
            ("What costs 84 crowns?", "a boat.", 0, "squad_qa"),
            (adapter_data.ANYTHING, "the ferry sails early.", 1, "defacto"),
            (adapter_data.ANYTHING, "tickets cost 84 crowns.", 1, "factcg"),
        }
        every |= found
    # Some come again, with another number, and are not said then.
    assert any(not label and "84" not in r and "cost" in r for _, r, label, _ in every)
    assert all(r in told.casefold() for _, r, label, _ in every if label and "at nine with" in r)


def test_what_is_judged_of_one_text_is_trained_on_together(tmp_path: Path) -> None:
    rng = random.Random(1)
    read = [[rng.randrange(90)] * rng.randrange(20, 900) for _ in range(300)]
    of = sorted(rng.choices(range(299), k=700) + list(range(300)) + [299] * 70)
    turns = [[7] * rng.randrange(10, 200) for _ in of]
    labels = [int(rng.random() < 0.3) for _ in of]
    path = tmp_path / "prompts.npz"
    np.savez(
        path,
        prefix=[1, 2],
        read=np.concatenate(read),
        read_ends=np.cumsum([len(r) for r in read]),
        turn=np.concatenate(turns),
        turn_ends=np.cumsum([len(t) for t in turns]),
        of=of,
        label=labels,
        kind=[0] * len(of),
        kinds=["defacto"],
        answers=[3, 4],
        invocation=[7],
    )
    prompts = train_adapter.Prompts(path)
    batches = prompts.batches(random.Random(2))
    assert sorted(i for b in batches for i in b) == list(range(len(of)))
    for batch in batches:
        texts = {of[i] for i in batch}
        assert all(sum(of[i] == t for i in batch) == of.count(t) for t in texts - {299})
        longest = max(len(read[t]) for t in texts)
        assert len(texts) * longest <= train_adapter.TOKENS
        assert len(batch) <= train_adapter.PROMPTS
        seen = len(batch) * (longest + max(len(turns[i]) for i in batch))
        assert seen <= train_adapter.KEYS
    weights = prompts.weights().numpy()
    said = np.array(labels) == 1
    assert weights[said].sum() == pytest.approx(weights[~said].sum(), rel=1e-4)


def test_training_pairs_are_cut_to_what_shares_words_and_changed_in_one_fact() -> None:
    body = TEXT.split("\n\n", 3)[3]
    assert "84 crowns" in cut(body, "A ticket costs 84 crowns.")
    quote = "Mayor Olof Brandt told Karin Dahl on Monday that 12 ships were lost."
    made = {changed(quote, body, random.Random(seed)) for seed in range(40)} - {None}
    assert len(made) > 5
    assert quote not in made
