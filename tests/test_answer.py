from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from assistant import Answer, Assistant, Message, ModelError, QuestionError, gate, prompt
from assistant.answer import (
    CORRECTS,
    LEFT_OUT,
    MAX_QUESTION,
    NO_ANSWER,
    REPLACED,
    SUMMED_UP,
    is_refusal,
)
from assistant.llm import Reading, finish
from tests.conftest import TEXT
from tests.fakes import FakeChecker, FakeLLM

Make = Callable[..., Assistant]

TWO = "According to Nordsund, the ferry will sail three times a day. A ticket costs 84 crowns."


def valid(assistant: Assistant, answer: Answer) -> bool:
    text = assistant.article.text
    return all(text[c.span.start : c.span.end] == c.quote for c in answer.citations)


def test_every_sentence_is_a_claim_with_citations(make: Make) -> None:
    assistant = make(TWO)
    answer = assistant.ask("How often does it sail, and at what price?")
    assert answer.text == TWO == answer.raw
    assert [c.text for c in answer.claims] == [
        "According to Nordsund, the ferry will sail three times a day.",
        "A ticket costs 84 crowns.",
    ]
    assert "three times a day" in answer.claims[0].citations[0].quote
    assert valid(assistant, answer)
    assert not answer.abstained
    assert answer.timings["retrieved"] <= answer.timings["first"] <= answer.timings["total"]


@pytest.mark.parametrize("reply", [prompt.REFUSAL, "The moon hides nine zebras."])
def test_a_question_about_the_whole_is_answered_in_the_articles_words_at_least(
    make: Make, reply: str
) -> None:
    assistant = make(reply)
    answer = assistant.ask("What is this article about?")
    assert len(assistant.llm.sent) == 1  # type: ignore[union-attr]
    summary = tuple(assistant.article.quote(s) for s in assistant.summary())
    assert tuple(c.quote for c in answer.citations) == summary
    assert SUMMED_UP in answer.notices
    assert not answer.abstained
    pointed = assistant.llm.sent[0][-1].content  # type: ignore[union-attr]
    assert all(quote in pointed.partition("nearest")[2] for quote in summary)


def test_nobody_in_the_article_says_what_it_is_about(make: Make) -> None:
    text = (
        "News of the island\n\nThe island will have an ice-going ship with room for forty cars, "
        "said Karin Dahl, the director of the ferries."
    )
    said = "the island will have an ice-going ship with room for forty cars"
    answer = make(f"The article is about the island, and {said}.", text=text).ask(
        "What is this article about?"
    )
    assert answer.text.startswith("The article is about")
    answer = make(f"{said.capitalize()}.", text=text).ask("What is this article about?")
    assert answer.text.startswith("According to Karin Dahl")


def test_what_somebody_else_says_is_not_the_authors(make: Make) -> None:
    text = "News of the island\n\nThe pier in Lindvik is no longer safe in winter, said Karin Dahl."
    reply = "The author also argues that the pier in Lindvik is no longer safe in winter."
    answer = make(reply, text=text).ask("What does the author argue?")
    assert (
        answer.text == "According to Karin Dahl, the pier in Lindvik is no longer safe in winter."
    )


def test_a_sentence_that_begins_again_is_not_shown(make: Make) -> None:
    once = "Ticket prices rise by 12 percent to 84 crowns"
    again = f"{once} as ticket prices rise by 12 percent to 84 crowns."
    answer = make(again, prompt.REFUSAL).ask("What changes?")
    assert not answer.claims
    assert answer.rejected[0].verdict == "not in article"


LISTED = (
    "News of the island\n\nThe ferry wants three things, said its former director Karin Dahl. "
    "“The first is a new pier in Lindvik. The second is a ship that goes through ice. "
    "The third is a winter timetable.”"
)


def test_the_numbers_of_a_list_are_not_checked_and_its_speaker_is_named_once(make: Make) -> None:
    reply = (
        "The ferry wants three things:\n1. a new pier in Lindvik.\n"
        "2. a ship that goes through ice.\n3. a winter timetable."
    )
    answer = make(reply, text=LISTED).ask("What does the ferry want?")
    assert answer.text == (
        "According to its former director Karin Dahl, the ferry wants three things:\n"
        "A new pier in Lindvik.\nA ship that goes through ice.\nA winter timetable."
    )
    assert not answer.rejected
    assert answer.raw == reply


def test_what_repeats_the_question_before_a_list_is_no_failed_try(make: Make) -> None:
    reply = "The ferry wants three things:\n1. a new pier in Lindvik.\n2. a winter timetable."
    answer = make(reply, text=LISTED).ask("Which three things does the ferry want?")
    assert answer.text == (
        "According to its former director Karin Dahl, a new pier in Lindvik.\n"
        "According to Karin Dahl, a winter timetable."
    )
    assert not answer.rejected


def test_a_number_that_does_not_count_on_is_part_of_the_sentence(make: Make) -> None:
    answer = make("It wants 2 things.\n3. a winter timetable.", prompt.REFUSAL, text=LISTED).ask(
        "What does the ferry want?"
    )
    assert "3. a winter timetable." in [c.text for c in answer.rejected]


def test_a_date_with_which_a_german_reply_begins_is_no_item(make: Make) -> None:
    text = "Neues von der Insel\n\n1. Mai 2031 ist der Tag, an dem die neue Brücke öffnet."
    reply = "1. Mai 2031 ist der Tag, an dem die Brücke öffnet."
    answer = make(reply, text=text).ask("Wann öffnet die Brücke?")
    assert [c.text for c in (*answer.claims, *answer.rejected)] == [reply]


def test_who_was_named_before_is_named_shortly(make: Make) -> None:
    reply = "The first is a new pier in Lindvik. The second is a ship that goes through ice."
    assistant = make(reply, text=LISTED)
    answer = assistant.ask("What does the ferry want?")
    assert answer.text == (
        "According to its former director Karin Dahl, the first is a new pier in Lindvik. "
        "According to Karin Dahl, the second is a ship that goes through ice."
    )
    assert [assistant.recheck(c, answer.question) for c in answer.claims] == ["supported"] * 2


def test_without_a_model_a_question_about_the_whole_gets_what_says_most(make: Make) -> None:
    assistant = make()
    assistant.llm = None
    answer = assistant.ask("What is this article about?")
    assert tuple(c.span for c in answer.citations) == assistant.summary()


def test_each_snapshot_extends_the_last_and_ask_is_the_final_one(make: Make) -> None:
    assistant = make(TWO, TWO)
    shots = list(assistant.stream("How often, and at what price?"))
    assert shots[0].retrieved
    assert not shots[0].claims
    for before, after in pairwise(shots):
        assert after.text.startswith(before.text)
        assert after.claims[: len(before.claims)] == before.claims
    asked = assistant.ask("How often, and at what price?")
    assert replace(asked, timings={}) == replace(shots[-1], timings={})


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
@pytest.mark.parametrize("reply", [TWO, f"{prompt.REFUSAL}. {TWO}", f"{TWO} {prompt.REFUSAL}"])
def test_any_cut_of_the_stream_gives_the_same_answer(make: Make, reply: str, cut: int) -> None:
    answer = make(llm=FakeLLM(reply, cut=cut)).ask("How often?")
    expected = make(llm=FakeLLM(reply, cut=2)).ask("How often?")
    assert replace(answer, timings={}) == replace(expected, timings={})


def test_the_prompt_begins_alike_for_every_question(make: Make) -> None:
    assistant = make("A ticket costs 84 crowns.", "Olof Brandt is the mayor.")
    llm: Any = assistant.llm
    assistant.ask("What does a ticket cost?")
    assistant.ask("Who is the mayor?")
    first, second = (sent[-1].content for sent in llm.sent)
    assert llm.sent[0][:-1] == llm.sent[1][:-1]
    shared = first[: first.index("What does")]
    assert second.startswith(shared)
    assert assistant.article.text in shared


def test_a_refusal_is_a_state_with_the_nearest_passages(make: Make) -> None:
    answer = make(prompt.REFUSAL).ask("Who built the lighthouse?")
    assert answer.abstained
    assert answer.text == NO_ANSWER
    assert answer.claims == ()
    assert answer.retrieved
    assert answer.raw == prompt.REFUSAL


@pytest.mark.parametrize(
    "text",
    [
        "NOT IN ARTICLE",
        "Not in article.",
        "NO IN ARTICLE",
        "The article does not mention the captain.",
        "The article doesn't explicitly state how old she is.",
        "The height is not specified in the article.",
        "There is no information about that in the article.",
    ],
)
def test_refusals_in_other_words_are_recognised(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mayor does not believe the company.",
        "The article says that the school was closed.",
        "The ferry was not built in 2004.",
        "They are not mentioned on the list.",
        "According to Nordsund, it did not provide refunds.",
    ],
)
def test_negative_answers_are_not_refusals(text: str) -> None:
    assert not is_refusal(text)


def test_a_refusal_after_an_answer_takes_nothing_back(make: Make) -> None:
    answer = make("A ticket costs 84 crowns. The article does not state the date.").ask("Price?")
    assert not answer.abstained
    assert answer.text == "A ticket costs 84 crowns."


def test_a_likely_refusal_is_one_without_asking_for_an_answer(make: Make) -> None:
    llm = FakeLLM("A ticket costs 84 crowns.")
    llm.refusal = 0.9
    answer = make(llm=llm).ask("Who built the lighthouse?")
    assert answer.abstained
    assert answer.retrieved
    assert llm.sent == []


def _judged(llm: FakeLLM) -> list[str]:
    """The replies that it was to judge; an empty one stands for the question itself."""
    last = [m[-1].content for m in llm.scored if m[-1].role == "assistant"]
    assert all(content.endswith(prompt.JUDGE) for content in last)
    return [content.removesuffix(prompt.JUDGE) for content in last]


def test_a_model_that_judges_is_asked_whether_the_article_answers(make: Make) -> None:
    llm = FakeLLM("A ticket costs 84 crowns.", "A ticket costs 84 crowns.")
    unasked = make(llm=llm).ask("What does a ticket cost?")
    assert "answerable" not in unasked.signals
    llm.judges, llm.yes = True, 0.9
    sure = make(llm=llm).ask("What does a ticket cost?")
    assert sure.signals["answerable"] == pytest.approx(2.197, abs=0.001)
    # Once for the question, and once for the sentence, whatever needs to know it.
    assert _judged(llm)[-2:] == ["", "A ticket costs 84 crowns."]
    llm.yes = 1e-6
    refused = make(llm=llm).ask("What does a ticket cost?")
    assert refused.abstained
    assert refused.confidence < sure.confidence


def test_a_model_that_judges_is_asked_whether_the_article_says_a_sentence(make: Make) -> None:
    told = "A ticket costs 84 crowns."
    found = []
    for says in (0.999, 0.9, 0.5, 0.001):
        llm = FakeLLM(told, told)
        llm.judges, llm.yes, llm.says = True, 0.7, says
        found.append(make(llm=llm).ask("What does a ticket cost?"))
        assert llm.scored[1] == [*llm.sent[0], Message("assistant", f"{told}{prompt.JUDGE}")]
    sure = [answer.confidence for answer in found[:3]]
    assert sure == sorted(sure, reverse=True)
    assert [answer.abstained for answer in found] == [False, False, False, True]


def test_a_model_that_judges_is_asked_of_a_sentence_where_the_rules_leave_it_open(
    make: Make,
) -> None:
    told = "Karin Dahl is the director of the company Nordsund."
    llm = FakeLLM(told, told, told)
    llm.judges, llm.yes, llm.says = True, 0.9, 0.9999
    assistant = make(llm=llm)
    (sure,) = assistant.ask("Who is Karin Dahl?").claims
    assert _judged(llm) == ["", told]
    llm.says = 0.0001
    unsure = assistant.ask("Who is Karin Dahl?").rejected[0]
    assert (sure.verdict, unsure.verdict) == ("supported", "not in article")
    assert sure.judgement == pytest.approx(9.210, abs=0.001)
    assert unsure.judgement == pytest.approx(-9.210, abs=0.001)


def test_a_yes_that_is_not_proved_is_left_out(make: Make) -> None:
    for reply, text in (
        ("Yes, fishermen welcomed the plan.", "Fishermen welcomed the plan."),
        ("Yes, the ferry will run all winter.", "Yes, the ferry will run all winter."),
        ("No fishermen welcomed the plan.", NO_ANSWER),  # That is no answer of one word.
    ):
        assert make(reply, reply).ask("Will the ferry run all winter?").text == text


def test_what_leads_up_to_an_answer_is_left_out_and_is_no_failed_try(make: Make) -> None:
    price = "Ticket prices rise by 12 percent to 84 crowns."
    for lead, shown in (
        ("Fishermen welcomed the plan.", price),
        ("Fishermen sold lamps.", NO_ANSWER),
    ):
        llm = FakeLLM(f"{lead} {price}", f"{lead} {price}")
        llm.judges, llm.yes, llm.says = True, 0.6, 0.6
        answer = make(llm=llm).ask("What does a ticket cost?")
        assert answer.text == shown
        assert answer.confidence < gate.SECOND


def test_a_model_that_judges_writes_without_pointing_and_without_a_refusal(make: Make) -> None:
    told = "A ticket costs 84 crowns."
    llm = FakeLLM(told, told, told)
    assistant = make(llm=llm)
    assistant.ask("What does a ticket cost?")
    llm.judges, llm.yes = True, 0.9
    assistant.ask("What does a ticket cost?")
    assistant.ask("What is this article about?")
    pointed = ["nearest" in sent[-1].content for sent in llm.sent]
    assert pointed == [True, False, True]
    assert llm.banned == ["", "NOT", ""]


def test_a_model_that_judges_is_not_asked_of_the_article_s_own_words(make: Make) -> None:
    for crowns in (84, 95):
        reply = f"Ticket prices rise by 12 percent to {crowns} crowns."
        llm = FakeLLM(reply, reply)
        llm.judges, llm.yes = True, 0.8
        answer = make(llm=llm).ask("By how much do ticket prices rise?")
        assert all(c.judgement is None for c in (*answer.claims, *answer.rejected))
        # Only by it as what is shown, be it a reply or in the place of one that was rejected.
        assert _judged(llm) == ["", "Ticket prices rise by 12 percent to 84 crowns."]


def test_in_another_language_a_judgement_decides_whether_to_answer_and_no_verdict(
    make: Make,
) -> None:
    text = "Der Leuchtturm von Orlo leuchtet ab September wieder. Die Lampe kostet 240.000 Kronen."
    told = "Die Lampe kostet also 240.000 Kronen."
    found = []
    for says in (0.99, 0.01):
        llm = FakeLLM(told, told)
        llm.judges, llm.yes, llm.says = True, 0.6, says
        found.append(make(text=text, llm=llm).ask("Was kostet die Lampe?"))
        assert _judged(llm) == ["", told]
    answered, refused = found
    assert [c.judgement for c in (*answered.claims, *refused.rejected)] == [None, None]
    assert answered.claims[0].score == refused.rejected[0].score
    assert refused.abstained


def test_an_endpoint_without_probabilities_is_simply_asked(make: Make) -> None:
    class Mute(FakeLLM):
        def read(self, *_: Any) -> Reading:
            yield 2, 2
            return None

    assert make(llm=Mute("A ticket costs 84 crowns.")).ask("Price?").claims


def test_an_answer_that_is_cut_says_so_and_shows_no_half_sentence(make: Make) -> None:
    llm = FakeLLM("A ticket costs 84 crowns. The island has 64")
    llm.cuts = True
    answer = make(llm=llm).ask("What is known?")
    assert answer.text == "A ticket costs 84 crowns."
    assert "ends before its last sentence" in answer.notices[0]


def test_a_reply_that_is_cut_in_its_first_sentence_is_an_error_not_a_refusal(make: Make) -> None:
    llm = FakeLLM("The ferry, which is new, and the island, which is old, and")
    llm.cuts = True
    with pytest.raises(ModelError, match="without ending a sentence"):
        make(llm=llm).ask("What is known?")


def test_the_article_is_read_ahead_with_progress_and_can_be_stopped(make: Make) -> None:
    seen: list[tuple[str, int, int]] = []
    llm = FakeLLM("A ticket costs 84 crowns.")
    stream = make(llm=llm).stream("Price?", progress=lambda *step: seen.append(step))
    next(stream)
    next(stream)
    assert seen == [("reading the article", 1, 2)]
    stream.close()  # type: ignore[attr-defined]
    assert (len(llm.scored), llm.sent) == (1, [])


def test_a_sentence_of_thousands_of_words_is_not_repeated_after_the_question(make: Make) -> None:
    endless = "and then the ferry came " * 2000
    llm = FakeLLM("The ferry came.", context=16_000)
    make(text=f"The ferry was late. {endless}", llm=llm).ask("What came?")
    assert llm.sent[0][-1].content.count("and then the ferry came") == 2000


def test_an_empty_reply_is_no_answer(make: Make) -> None:
    assert make("  \n").ask("Why?").abstained


def test_list_items_are_claims_on_lines_of_their_own(make: Make) -> None:
    reply = "- The ferry sails three times a day.\n- A ticket costs 84 crowns."
    answer = make(reply).ask("What is known of the ferry?")
    assert answer.text == (
        "According to the shipping company Nordsund, the ferry sails three times a day.\n"
        "A ticket costs 84 crowns."
    )
    assert len(answer.claims) == 2


def test_an_answer_to_two_questions_does_not_say_again_what_the_first_was_told(make: Make) -> None:
    prices = "Ticket prices rise by 12 percent to 84 crowns."
    history = [("user", "What happens to ticket prices?"), ("assistant", prices)]
    both = f"{prices} Fishermen welcomed the plan."
    for reply, text in ((both, "Fishermen welcomed the plan."), (prices, prices)):
        shots = list(make("?", reply).stream("And what of them?", history))
        assert shots[-1].standalone == "What happens to ticket prices? And what of them?"
        assert shots[-1].text == text
        assert [c.marker for c in shots[-1].citations] == [1]
        assert all(text.startswith(shot.text) for shot in shots)
    # Whether something is so may be in what was said.
    assert make("?", both).ask("And is that so?", history).text == both


def test_who_wrote_it_is_asked_of_the_article_also_in_a_conversation(make: Make) -> None:
    history = [("user", "Who is Karin Dahl?"), ("assistant", "Karin Dahl is its director.")]
    answer = make().ask("Who wrote this?", history)
    assert answer.text == "The article names Nils Arnesen as its author."


def test_history_makes_a_follow_up_stand_alone(make: Make) -> None:
    assistant = make("What does Karin Dahl say?", "Karin Dahl said they have bought a ship.")
    history = [("user", "Who is Karin Dahl?"), ("assistant", "Karin Dahl is its director.")]
    answer = assistant.ask("What does she say?", history)
    assert answer.question == "What does she say?"
    assert answer.standalone == "What does Karin Dahl say?"
    first = next(assistant.stream("What does she say?", history))
    assert first.standalone == "What does she say?"  # The passages do not wait for the rewriting.
    assert first.retrieved
    with pytest.raises(QuestionError, match="'robot'"):
        assistant.ask("Why?", [("robot", "beep")])


def test_an_article_that_does_not_fit_is_read_in_passages_with_a_notice(make: Make) -> None:
    text = "\n\n".join(
        f"Section {n} is about matter {n}. It says that the value of item {n} is {n * 7} crowns."
        for n in range(1, 120)
    )
    llm = FakeLLM("The value is 364 crowns.", context=2600)
    answer = make(text=text, llm=llm).ask("What is the value of item 52?")
    assert "passages nearest to the question" in answer.notices[0]
    told = llm.sent[-1][-1].content
    assert "item 52 is 364" in told
    assert len(told) < len(text)
    numbers = [int(line.split()[1]) for line in told.splitlines() if line.startswith("Section")]
    assert numbers == sorted(numbers)


def test_a_window_too_small_for_anything_is_told(make: Make) -> None:
    with pytest.raises(QuestionError, match="ASSISTANT_LLM_CONTEXT"):
        make(llm=FakeLLM("x", context=100)).ask("Why?")


def test_without_a_model_the_answer_is_the_articles_own_words(make: Make) -> None:
    assistant = make()
    assistant.llm = None
    answer = assistant.ask("How many inhabitants does the island have?")
    assert "The island has 640 inhabitants." in answer.text
    assert {c.verdict for c in answer.claims} == {"supported"}
    assert valid(assistant, answer)
    assert assistant.ask("Zebra quantum xylophone?").abstained


@pytest.mark.parametrize("question", ["", "  \n", "?!"])
def test_no_question_is_told(make: Make, question: str) -> None:
    with pytest.raises(QuestionError, match="no question"):
        make().ask(question)


def test_half_a_character_in_a_question_is_told(make: Make) -> None:
    with pytest.raises(QuestionError, match="half a character"):
        make().ask("Who runs the ferry\ud800?")


def test_a_very_long_question_is_told(make: Make) -> None:
    with pytest.raises(QuestionError, match=f"20,000 characters; the limit is {MAX_QUESTION:,}"):
        make().ask("x" * 20_000)


def test_closing_the_stream_stops_the_model(make: Make) -> None:
    llm = FakeLLM("The island has 640 inhabitants. " * 50)
    stream = make(llm=llm).stream("Why?")
    for snapshot in stream:
        if snapshot.claims:
            break
    stream.close()  # type: ignore[attr-defined]
    assert llm.closed == 1
    assert llm.given < 20


def test_a_model_that_fails_half_way_is_told_and_the_next_question_works(make: Make) -> None:
    class Failing(FakeLLM):
        def stream(self, *args: Any, **kwargs: Any) -> Any:
            yield "A ticket costs 84 crowns. It"
            if len(self.replies) == 2:
                self.replies.pop()
                raise ModelError("gone")

    assistant = make(llm=Failing("x", "y"))
    with pytest.raises(ModelError, match="gone"):
        assistant.ask("Price?")
    assert assistant.ask("Price?").claims


def test_on_shares_models_and_keeps_articles_apart(make: Make) -> None:
    from index import from_text

    one = make("The fee is 5 crowns.")
    two = one.on(from_text("The fee for the sauna is 5 crowns. Children pay nothing at all."))
    assert two.llm is one.llm
    assert two.ask("What is the fee?").citations[0].quote.startswith("The fee for the sauna")
    assert {r.chunk.article_id for r in one.retriever.retrieve("fee")} == {one.article.id}


INVENTED = "The captain of the ferry was born on the moon."


def test_a_sentence_that_is_not_in_the_article_is_not_shown(make: Make) -> None:
    answer = make(f"A ticket costs 84 crowns. {INVENTED}").ask("What does a ticket cost?")
    assert answer.text == "A ticket costs 84 crowns."
    assert [(c.text, c.verdict) for c in answer.rejected] == [(INVENTED, "not in article")]
    assert INVENTED in answer.raw
    assert answer.notices == (LEFT_OUT,)


def test_if_nothing_can_be_shown_there_is_a_second_try_with_the_evidence(make: Make) -> None:
    assistant = make(INVENTED, "A ticket costs 84 crowns.")
    llm: Any = assistant.llm
    answer = assistant.ask("What does a ticket cost?")
    assert answer.text == "A ticket costs 84 crowns."
    assert f"The article does not say this: {INVENTED}" in llm.sent[1][-1].content
    assert [c.text for c in answer.rejected] == [INVENTED]
    assert answer.raw == f"{INVENTED}\n\nA ticket costs 84 crowns."


def test_a_second_try_must_be_surer_than_a_first(make: Make) -> None:
    def ask(*replies: str, says: float = 0.6) -> Answer:
        llm = FakeLLM(*replies)
        llm.judges, llm.yes, llm.says = True, 0.8, says
        return make(llm=llm).ask("What does a ticket cost?")

    first = ask("A ticket costs 84 crowns.")
    assert gate.THRESHOLDS["balanced"] < first.confidence < gate.SECOND
    assert first.claims
    assert ask(INVENTED, "A ticket costs 84 crowns.").abstained
    assert ask(INVENTED, "A ticket costs 84 crowns.", says=0.99).claims


def test_nothing_is_written_that_could_not_be_sure_enough(make: Make) -> None:
    def ask(yes: float, **named: Any) -> tuple[Answer, int]:
        llm = FakeLLM(INVENTED, "A ticket costs 84 crowns.")
        llm.judges, llm.yes, llm.says = True, yes, 0.99
        return make(llm=llm, **named).ask("What does a ticket cost?"), len(llm.sent)

    assert ask(0.8)[1] == 2
    once, asked = ask(0.5)
    assert (once.abstained, asked) == (True, 1)
    assert [c.text for c in once.rejected] == [INVENTED]
    never, asked = ask(0.03)
    assert (never.abstained, never.raw, asked) == (True, "", 0)
    assert ask(0.03, strictness="open")[1] == 1


def test_a_sentence_of_the_article_stands_for_an_answer_only_where_all_is_sure(make: Make) -> None:
    def ask(yes: float, says: float) -> Answer:
        llm = FakeLLM(INVENTED, INVENTED)
        llm.judges, llm.yes, llm.says = True, yes, says
        return make(llm=llm).ask("How many inhabitants has the island?")

    assert ask(0.95, 0.95).abstained
    own = ask(0.997, 0.99)
    assert own.text == "The island has 640 inhabitants."
    assert REPLACED in own.notices


def test_no_sentence_is_judged_that_could_not_change_the_decision(make: Make) -> None:
    def ask(yes: float, reply: str, strictness: float = 0.4) -> tuple[Answer, int]:
        llm = FakeLLM(reply)
        llm.judges, llm.yes = True, yes
        answer = make(llm=llm, strictness=strictness).ask("How many inhabitants are there?")
        assert answer.claims
        return answer, len(llm.scored)

    quote = "The island has 640 inhabitants."
    assert ask(0.8, quote)[1] == 2
    answer, asked = ask(0.99, quote)
    assert asked == 1
    assert "supported" not in answer.signals
    assert answer.confidence > gate.SECOND
    # One whose verdict depends on it is judged all the same, and all are to fit the gate.
    assert ask(0.99, "There are 640 inhabitants.")[1] == 2
    assert ask(0.99, quote, 0.0)[1] == 2


def test_after_two_bad_tries_the_article_speaks_for_itself_or_there_is_no_answer(
    make: Make,
) -> None:
    question = "How many inhabitants has the island?"
    answer = make(INVENTED, INVENTED, checker=FakeChecker("640")).ask(question)
    assert answer.text == "The island has 640 inhabitants."
    assert answer.citations[0].quote == answer.text
    assert REPLACED in answer.notices
    none = make(INVENTED, INVENTED, checker=FakeChecker("none")).ask(question)
    assert none.abstained
    assert none.retrieved
    assert len(none.rejected) == 2


def test_a_contradicted_sentence_is_not_shown_and_its_counter_quote_is_kept(make: Make) -> None:
    answer = make("Ticket prices fall by 12 percent. The island has 640 inhabitants.").ask("Price?")
    assert answer.text == "The island has 640 inhabitants."
    (rejected,) = answer.rejected
    assert rejected.verdict == "contradicted"
    assert rejected.counter[0].quote == "Ticket prices rise by 12 percent to 84 crowns."


def test_only_strict_leaves_out_what_is_partly_supported(make: Make) -> None:
    partly = "Sauna prices rise by 12 percent to 84 crowns. Its school was closed in 2019."
    balanced = make(partly).ask("What is told?")
    assert balanced.claims[0].verdict == "partly"
    assert balanced.claims[0].missing == ("Sauna",)
    strict = make(partly, strictness="strict").ask("What is told?")
    assert strict.text == "Its school was closed in 2019."


def test_of_whom_the_article_tells_is_not_who_says_it(make: Make) -> None:
    told = "According to Lindvik, the ferry between Lindvik and Skarholm will run all winter."
    (claim,) = make(told).ask("When will it run?").claims
    assert (claim.verdict, claim.missing) == ("partly", ("Lindvik",))


def test_strictness_is_how_sure_to_be(make: Make) -> None:
    def ask(strictness: float) -> Answer:
        llm = FakeLLM("A ticket costs 84 crowns.")
        llm.refusal = 0.02
        return make(llm=llm, strictness=strictness).ask("What does a ticket cost?")

    sure = ask(0.0).confidence
    assert 0.01 < sure < 0.99
    assert not ask(sure - 0.01).abstained
    assert ask(sure + 0.01).abstained
    assert gate.THRESHOLDS["strict"] > gate.THRESHOLDS["balanced"] > gate.THRESHOLDS["open"]


def test_an_answer_beside_the_point_is_not_given(make: Make) -> None:
    beside = "The ferry will run between Lindvik and Skarholm."
    answer = make(beside, beside).ask("How many passengers does the ferry have?")
    assert answer.abstained
    assert [c.text for c in answer.rejected] == [beside, beside]


def test_a_false_premise_is_corrected_with_the_quote(make: Make) -> None:
    answer = make().ask("Why do ticket prices fall by 12 percent?")
    assert answer.text == (
        "The article says otherwise: “Ticket prices rise by 12 percent to 84 crowns.”"
    )
    assert answer.citations[0].quote == "Ticket prices rise by 12 percent to 84 crowns."
    assert answer.corrected
    assert not answer.abstained


def test_a_list_denies_no_premise(make: Make) -> None:
    prices = "; ".join(f"pier {i} is closed on day {i}" for i in range(12))
    rise = "Ticket prices rise by 12 percent"
    listed = f"{rise}; {prices}; no refund."
    question = "Why do ticket prices fall by 12 percent?"
    assert make(text=f"Ferry\n\nIt sails all winter. {rise}.\n").ask(question).corrected
    refused = make(prompt.REFUSAL, text=f"Ferry\n\nIt sails all winter. {listed}\n").ask(question)
    assert refused.abstained


def test_what_the_model_says_instead_corrects_a_premise_if_it_is_the_opposite(make: Make) -> None:
    reply = "Ticket prices for a crossing increase to 84 crowns."
    llm = FakeLLM(reply, reply)
    llm.judges, llm.yes, llm.says = True, 0.2, 0.6  # Not sure enough to answer.
    question = "To what sum is the cost of a crossing cut from 84 crowns, ticket prices included?"
    answer = make(llm=llm, text=TICKETS).ask(question)
    assert answer.corrected
    assert answer.text == f"The article says otherwise: “{reply}”"
    llm.replies = [reply, reply]
    whether = "Is the cost of a crossing cut from 84 crowns, ticket prices included?"
    assert make(llm=llm, text=TICKETS).ask(whether).abstained


TICKETS = """The ferry between Lindvik and Skarholm sails all winter.

Ticket prices for a crossing increase to 84 crowns. The pier stays open, and no fee is asked.
"""


def test_who_never_says_it_is_taken_away(make: Make) -> None:
    text = f"""\
The winter ferry must stay

Olof Brandt

Olof Brandt is the mayor of Skarholm. He likes the ferry.

{VIEW}
"""
    answer = make(f"According to Karin Dahl, {VIEW[0].lower()}{VIEW[1:]}", text=text).ask("What?")
    assert answer.text == f"According to the author, {VIEW[0].lower()}{VIEW[1:]}"
    assert [c.quote for c in answer.citations] == [VIEW]


def test_what_is_contradicted_stays_so_when_more_is_looked_for(make: Make) -> None:
    lists = ", ".join(f"{a} of {b}" for a in "benches ropes boards doors".split() for b in WOODS)
    text = f"""\
News of the town

In Bergen Brandt orders lamps and {lists}, for the school that he had long wished to see mended.

The mayor was sorry. Ticket prices for the Lindvik winter ferry rise in May.
"""
    question = "What happens to ticket prices for the Lindvik winter ferry in May?"
    wrong = "Ticket prices for the Lindvik winter ferry fall as lamps come."
    assert make(wrong, wrong, text=text).ask(question).abstained


WOODS = "oak pine birch ash elm beech maple".split()


VIEW = "There is clearly a way to keep the island alive through the winter months."


def test_what_is_put_into_the_mouth_of_somebody_named_elsewhere_is_not_shown(make: Make) -> None:
    invented = "Karin Dahl believes that the island has 640 inhabitants."
    answer = make(invented, invented).ask("What does Karin Dahl say about the island?")
    assert answer.abstained
    assert [c.verdict for c in answer.rejected] == ["not in article"] * 2


def test_what_somebody_says_of_me_or_you_is_quoted(make: Make) -> None:
    answer = make("We have bought an ice-going ship.").ask("What is bought?")
    assert (
        answer.text == "According to its director, Karin Dahl: “We have bought an ice-going ship.”"
    )
    (claim,) = answer.claims
    assert make().recheck(claim, "What is bought?") == "supported"
    answer = make("“Ice-going” is what the ship is.").ask("What is bought?")
    assert answer.text == "According to its director, Karin Dahl, “Ice-going” is what the ship is."


def test_what_somebody_says_about_a_thing_does_not_presume_it(make: Make) -> None:
    said = "Ibsen said he wanted no tower on the harbour square."
    made = make(said, text=f"Harbour square\n\nThe hearing took an hour. {said}\n")
    answer = made.ask("What did Ibsen say about a tower on the harbour square?")
    assert answer.text == said
    assert not answer.corrected
    assert made.ask("Why was Ibsen given a tower on the harbour square?").corrected


def test_a_question_whether_is_the_models_and_corrected_where_it_refuses(make: Make) -> None:
    question = "Do ticket prices fall by 12 percent?"
    answer = make("No, ticket prices rise by 12 percent.").ask(question)
    assert answer.text == "No, ticket prices rise by 12 percent."
    refused = make(prompt.REFUSAL).ask(question)
    assert refused.corrected
    assert refused.text.startswith("The article says otherwise")


def test_what_somebody_says_stays_theirs(make: Make) -> None:
    answer = make("They would sail three times a day.").ask("How often do they sail?")
    assert answer.text == (
        "According to the shipping company Nordsund, they would sail three times a day."
    )


@pytest.mark.parametrize(
    ("question", "text", "quote"),
    [
        ("Who wrote this article?", "The article names Nils Arnesen as its author.", "By Nils"),
        ("When was it published?", "The article is dated 4 October 2025.", "4 October 2025"),
        (
            "What is the headline?",
            "The article is titled “Ferry to Skarholm to run all winter”.",
            "Ferry to Skarholm to run all winter",
        ),
    ],
)
def test_questions_about_the_article_are_answered_from_its_head(
    make: Make, question: str, text: str, quote: str
) -> None:
    answer = make().ask(question)
    assert answer.text == text
    assert answer.citations[0].quote.startswith(quote)


def test_an_article_without_an_author_does_not_get_one(make: Make) -> None:
    assert make(text="The bell rang twice. Spring came late.").ask("Who wrote this?").abstained


def test_an_answer_is_json(make: Make) -> None:
    import json

    answer = make(TWO).ask("How often?")
    read = json.loads(json.dumps(answer.as_dict()))
    assert read["claims"][0]["citations"][0]["span"] == {
        "start": answer.citations[0].span.start,
        "end": answer.citations[0].span.end,
    }
    assert read["citations"][0]["quote"] in TEXT.replace("\n", " ")


def test_the_answer_is_in_the_language_of_the_article(make: Make) -> None:
    text = (
        "Die Fähre nach Skarholm\n\n"
        "Die Fähre nach Skarholm fährt seit dem Frühling dreimal am Tag. "
        "Eine Fahrkarte kostet jetzt 84 Kronen, zwölf Prozent mehr als im vergangenen Jahr."
    )
    assistant = make("Eine Fahrkarte kostet jetzt 84 Kronen.", text=text)
    llm: Any = assistant.llm
    answer = assistant.ask("Was kostet eine Fahrkarte?")
    assert answer.text == "Eine Fahrkarte kostet jetzt 84 Kronen."
    assert llm.sent[-1][-1].content.endswith("Was kostet eine Fahrkarte? (Answer in German.)")


def test_a_number_that_the_article_corrects_elsewhere_is_told(make: Make) -> None:
    note = "Correction: the island has 604 inhabitants, not 640. We regret the error."
    assistant = make("The island has 640 inhabitants.", text=f"{TEXT}\n\n{note}")
    answer = assistant.ask("How many inhabitants has the island?")
    assert answer.text.startswith("The island has 640 inhabitants.")
    assert answer.notices == (CORRECTS.format(note),)
    plain = make("A ticket costs 84 crowns.", text=f"{TEXT}\n\n{note}")
    assert plain.ask("What does a ticket cost?").notices == ()


def test_a_question_in_another_language_is_answered_with_a_notice(make: Make) -> None:
    answer = make("The island has 640 inhabitants.").ask("Wie viele Einwohner hat die Insel?")
    assert answer.claims
    assert "another language (de) than the article (en)" in answer.notices[0]
    assert make("Karin Dahl is its director.").ask("Who is Karin Dahl?").notices == ()
    # One word is of no language.
    assert make("The ferry will run all winter.").ask("when?").notices == ()


@pytest.mark.model
def test_the_real_model_answers_with_exact_citations(real: Assistant) -> None:
    answer = real.ask("How many people live on the island?")
    assert "640" in answer.text
    assert any("640 inhabitants" in c.quote for c in answer.citations)
    assert valid(real, answer)


@pytest.mark.model
def test_the_real_model_refuses_what_the_article_does_not_say(real: Assistant) -> None:
    assert real.ask("What is the name of the lighthouse keeper's dog?").abstained


@pytest.mark.model
def test_the_real_model_judges_what_the_article_answers(real: Assistant) -> None:
    llm: Any = real.llm
    assert llm.judges

    def judged(question: str) -> float:
        odds = gate.judgement(llm, prompt.judged(prompt.answer(real.article.text, question)))
        assert odds is not None
        return odds

    answered = [
        "How many people live on the island?",
        "What does a ticket cost now?",
        "Who is the director of Nordsund?",
        "How many sailings a day will there be?",
    ]
    unanswered = [
        "What is the name of the keeper's dog?",
        "How old is Karin Dahl?",
        "When was Olof Brandt elected?",
        "What does a ticket for a dog cost?",
    ]
    sure, unsure = list(map(judged, answered)), list(map(judged, unanswered))
    assert min(sure) > max(unsure)
    assert mean(sure) > mean(unsure) + 3


@pytest.mark.model
def test_the_real_model_judges_what_the_article_says(real: Assistant) -> None:
    """Also where only the roles differ."""
    llm: Any = real.llm

    def judged(question: str, reply: str) -> float:
        asked = prompt.answer(real.article.text, question)
        odds = gate.judgement(llm, prompt.judged(asked, reply))
        assert odds is not None
        return odds

    said = [
        ("Who is Karin Dahl?", "Karin Dahl is the director of Nordsund."),
        ("How often does it sail?", "There will be three sailings a day."),
    ]
    unsaid = [
        ("Who is Karin Dahl?", "Karin Dahl is the mayor."),
        ("Who is the director?", "Olof Brandt is the director of Nordsund."),
    ]
    assert min(judged(*s) for s in said) > max(judged(*u) for u in unsaid) + 1


@pytest.mark.model
def test_the_real_model_judges_sentences_by_themselves(real: Assistant) -> None:
    llm: Any = real.llm

    def judged(sentence: str) -> float:
        asked = prompt.answer(real.article.text, "What does the article say?")
        odds = gate.judgement(llm, prompt.judged(asked, sentence))
        assert odds is not None
        return odds

    said = ["Nordsund's director is Karin Dahl.", "84 crowns is what a ticket costs now."]
    unsaid = ["Karin Dahl is the mayor.", "Olof Brandt is the director of Nordsund."]
    assert min(map(judged, said)) > max(map(judged, unsaid)) + 1


@pytest.mark.model
def test_the_real_model_writes_no_refusal_where_it_may_not(real: Assistant) -> None:
    llm: Any = real.llm
    asked = prompt.answer(real.article.text, "How old is Karin Dahl?")
    free, held = ("".join(llm.stream(asked, 24, banned)) for banned in ("", prompt.REFUSES))
    assert is_refusal(free)
    assert held
    assert prompt.REFUSES not in held


@pytest.mark.model
def test_the_adapter_changes_nothing_but_that(real: Assistant) -> None:
    """What the model writes after a judgement is what it writes with the adapter off. (With a scale
    of 0 the article is read again, in other batches: probabilities differ a little by that.)
    """
    import httpx

    llm: Any = real.llm
    asked = prompt.answer(real.article.text, "Who is the director?")
    found = []
    for scale in (1.0, 0.0):
        finish(llm.read(prompt.judged(asked), ["yes", "no"]))
        reply = httpx.post(
            f"{llm._url}/chat/completions",
            json={
                "messages": [{"role": m.role, "content": m.content} for m in asked],
                "max_tokens": 12,
                "temperature": 0,
                "logprobs": True,
                "lora": [{"id": 0, "scale": scale}],
            },
            headers={"Authorization": f"Bearer {llm._key}"},
            timeout=120,
        )
        found.append(
            [(t["token"], t["logprob"]) for t in reply.json()["choices"][0]["logprobs"]["content"]]
        )
    assert len(found[0]) > 5
    assert [t for t, _ in found[0]] == [t for t, _ in found[1]]
    assert [p for _, p in found[0]] == pytest.approx([p for _, p in found[1]], abs=0.1)


@pytest.mark.model
def test_a_second_question_costs_only_its_own_tokens(real: Assistant) -> None:
    """The prompt cache is on: of the second prompt almost nothing is read again."""
    import httpx

    llm: Any = real.llm
    real.ask("Who is the mayor?")
    body = [
        {"role": m.role, "content": m.content}
        for m in prompt.answer(real.article.text, "Who is the director?")
    ]
    reply = httpx.post(
        f"{llm._url}/chat/completions",
        json={"messages": body, "max_tokens": 1, "cache_prompt": True},
        headers={"Authorization": f"Bearer {llm._key}"},
        timeout=60,
    ).json()
    assert reply["timings"]["prompt_n"] < 30
    assert reply["timings"]["cache_n"] > 500


def test_who_signs_a_quotation_on_its_line_may_be_who_says_it(make: Make) -> None:
    text = (
        "The ferry stays in the harbour.\n\nThe town has 900 inhabitants.\n\n"
        '"We will keep the ferry running until the ice comes in winter." '
        "-Captain Nils Holm / Harbour office\n\nThe school is closed."
    )
    reply = "Nils Holm says they will keep the ferry running until the ice comes in winter."
    answer = make(reply, text=text).ask("What does Nils Holm say about the ferry?")
    assert answer.text == reply


def test_a_sentence_is_not_cited_for_a_word_that_is_told_as_missing(make: Make) -> None:
    text = (
        "The ferry to the island of Holm sails from the old pier.\n\n"
        "The mayor was asked about her willingness.\n\nThe school is closed.\n\nIt rains."
    )
    reply = "The ferry to Holm sails from the old pier with willingness."
    claim = make(reply, text=text).ask("Where does the ferry sail?").claims[0]
    assert claim.missing == ("willingness",)
    assert [c.quote for c in claim.citations] == [text.split("\n\n")[0]]
