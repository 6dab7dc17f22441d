from assistant import Message, prompt


def test_there_is_one_refusal_and_the_rules_and_examples_use_it() -> None:
    assert prompt.REFUSAL in prompt.RULES
    replies = [m.content for m in prompt.prefix() if m.role == "assistant"]
    assert prompt.REFUSAL in replies
    assert any(r != prompt.REFUSAL for r in replies)


def test_asking_whether_it_is_answerable_shares_the_whole_prompt() -> None:
    answer = prompt.answer("The text.", "Why?")
    asked = prompt.answerable("The text.", "Why?")
    assert asked[:-1] == answer[:-1]
    assert asked[-1].content.startswith(answer[-1].content)


def test_turns_alternate() -> None:
    roles = [m.role for m in prompt.answer("The text.", "Why?")]
    assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"]
    rewriting = prompt.rewrite([Message("user", "Who?"), Message("assistant", "Ada.")], "Why?")
    assert rewriting[-1].content == "User: Who?\nAssistant: Ada.\nUser: Why?"
