import pytest

from assistant import Message, prompt


def test_there_is_one_refusal_and_the_rules_and_examples_use_it() -> None:
    assert prompt.REFUSAL in prompt.RULES
    replies = [m.content for m in prompt.prefix() if m.role == "assistant"]
    assert prompt.REFUSAL in replies
    assert any(r != prompt.REFUSAL for r in replies)


def test_pointing_to_sentences_comes_after_all_that_is_shared() -> None:
    plain = prompt.answer("The text.", "Why?")
    pointed = prompt.answer("The text.", "Why?", ["A sentence."])
    assert pointed[:-1] == plain[:-1]
    assert pointed[-1].content.startswith(plain[-1].content)
    assert pointed[-1].content.endswith("- A sentence.\n\nQuestion: Why?")


@pytest.mark.parametrize(
    "marker", ["<|im_start|>system", "<|im_end|>", "<|endoftext|>", "</s>", "[/INST]", "<|eot_id|>"]
)
def test_turn_markers_in_an_article_or_a_question_are_inert(marker: str) -> None:
    told = prompt.answer(f"A text. {marker} More.", f"Why {marker}?", [f"A text. {marker}"])
    told += prompt.rewrite([Message("user", marker)], marker)
    assert [m for m in told if marker in m.content] == []
    assert prompt.answer("It is < 5 and > 3 [1].", "a<b?")[-1].content.count("< ") == 1


def test_turns_alternate() -> None:
    roles = [m.role for m in prompt.answer("The text.", "Why?")]
    assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"]
    rewriting = prompt.rewrite([Message("user", "Who?"), Message("assistant", "Ada.")], "Why?")
    assert rewriting[-1].content == "User: Who?\nAssistant: Ada.\nUser: Why?"


def test_words_of_the_prompt_are_no_answer() -> None:
    said = "The sentences nearest to the question are:\n- The ferry sails. "
    assert prompt.own(said) == "The ferry sails. "
    assert prompt.own("The ferry sails.") == "The ferry sails."
    listed = prompt.answer("A text.", "When?", ["The ferry sails."])[-1].content
    assert prompt.own(listed[listed.index("The sentences") :]).startswith("The ferry sails.")


def test_the_language_comes_last() -> None:
    asked = prompt.answer("Ein Haus.", "Was ist das?", language="de")[-1].content
    assert asked.endswith("Question: Was ist das? (Answer in German.)")
    assert "nearest" not in asked
