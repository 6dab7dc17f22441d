"""The page in a real browser. The model is scripted here, and the real one in one test."""

import os
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from pydantic import SecretStr

from assistant import Assistant, Settings, SettingsError
from assistant.llm import Reading
from assistant.models import no_progress
from assistant.receipt import read_receipt, verify
from eval.cases import read
from index import Library, from_text
from tests.fakes import FakeLLM
from ui.app import build, dressed, launch
from ui.pace import Preparing
from ui.turns import Turns

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("no Chromium is installed, and REQUIRE_BROWSER is set")
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def serve(browser: Any) -> Iterator[Callable[[Assistant], Any]]:
    """Serves the page for an assistant and opens it: serve(assistant) -> playwright page."""
    served: list[gr.Blocks] = []
    contexts: list[Any] = []

    def serve(
        assistant: Assistant,
        library: Library | None = None,
        context: Any = None,
        preparing: Preparing | None = None,
        turns: Turns | None = None,
    ) -> Any:
        blocks = build(assistant, library, "of the tests", preparing, turns=turns)
        blocks.queue()
        _, url, _ = blocks.launch(
            server_name="127.0.0.1",
            server_port=None,
            prevent_thread_lock=True,
            quiet=True,
            **dressed(),
        )
        served.append(blocks)
        contexts.append(context or browser.new_context())
        page = contexts[-1].new_page()
        # Nothing may be asked of any other machine.
        page.outside = []
        page.blocks = blocks
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((url, "data:", "blob:")) else page.outside.append(r.url)
            ),
        )
        page.goto(url)
        page.get_by_role("textbox", name="Question").wait_for()
        return page

    yield serve
    for context in contexts:
        context.close()
    for blocks in served:
        try:
            blocks.close()
        except RuntimeError:
            # Gradio sets an event of its loop from here, while those that wait for it leave.
            blocks.close()


def ask(page: Any, question: str) -> None:
    page.get_by_role("textbox", name="Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def said(page: Any, text: str, timeout: float = 20_000) -> None:
    """Waits for a reply that has the text; passages shown meanwhile may have it too."""
    replies = page.locator(".message.bot", has_text=text)
    replies.filter(has_not=page.locator(".doing")).last.wait_for(timeout=timeout)


SAUNA = "Sauna opens in the harbour\n\nThe sauna costs 5 crowns for an hour. Children pay nothing."


def bring(page: Any, text: str = SAUNA) -> None:
    """Opens a pasted article."""
    pasted = page.get_by_label("Paste the text")
    if not pasted.is_visible():
        page.get_by_role("button", name="Articles").click()
    pasted.fill(text)
    page.get_by_role("button", name="Open this article").click()


def go_back(page: Any) -> None:
    """Opens the first article again."""
    if not page.get_by_label("Articles opened here").is_visible():
        page.get_by_role("button", name="Articles").click()
    page.get_by_label("Articles opened here").click()
    page.get_by_role("option", name="Ferry to Skarholm").click()
    page.get_by_role("button", name="Open", exact=True).click()
    page.locator("#article h2", has_text="Ferry to Skarholm").wait_for()


@pytest.mark.browser
def test_ask_and_see_the_quote_beside_the_answer(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants."))
    ask(page, "How many inhabitants has the island?")
    said(page, "The island has 640 inhabitants.")
    assert "✓ supported" in page.locator(".message.bot").last.inner_text()
    cite = page.locator(".cite").last
    tip = page.locator(".cite .tip").last
    assert not tip.is_visible()
    cite.hover()
    tip.wait_for()
    assert tip.locator("mark").inner_text() == "The island has 640 inhabitants."
    cite.click()
    lit = page.locator("#article .lit")
    lit.wait_for()
    assert lit.inner_text() == "The island has 640 inhabitants."
    assert lit.evaluate("e => e === document.activeElement")
    used = page.locator("#article .s.used")
    used.wait_for()
    assert used.inner_text() == "The island has 640 inhabitants."


@pytest.mark.browser
def test_a_citation_of_a_repeated_sentence_leads_to_the_right_one(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    refrain = "The bells rang at noon for an hour."
    text = f"Bells of Orlo\n\n{refrain}\n\nThen the mayor spoke of the bridge.\n\n{refrain}\n"
    page = serve(make(refrain, text=text))
    ask(page, "What did the bells do at noon?")
    said(page, refrain)
    page.locator(".cite").last.click()
    lit = page.locator("#article .lit")
    lit.wait_for()
    start = int(lit.get_attribute("data-start"))
    assert text[start : start + len(refrain)] == lit.inner_text() == refrain


@pytest.mark.browser
def test_everything_can_be_done_with_the_keyboard(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants."))
    page.get_by_role("textbox", name="Question").focus()
    page.keyboard.type("How many inhabitants has the island?")
    page.keyboard.press("Enter")
    said(page, "640")
    page.locator(".cite").last.focus()
    page.locator(".cite .tip").last.wait_for()
    page.keyboard.press("Enter")
    page.locator("#article .lit").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme)
    page = serve(make("The island has 640 inhabitants."), context=context)
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    page.locator("#article .s.used").wait_for()
    for name in ("Who says what", "Not in this article", "How sure to be", "Articles"):
        page.get_by_role("button", name=name).click()
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    serious = [
        (v["id"], [n["html"][:200] for n in v["nodes"]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.browser
def test_panes_stack_on_a_phone(serve: Callable[..., Any], make: Callable[..., Assistant]) -> None:
    page = serve(make("The island has 640 inhabitants."))
    page.set_viewport_size({"width": 390, "height": 800})
    article, chat = (page.locator(s).bounding_box() for s in ("#reading", "#talk"))
    assert chat["y"] >= article["y"] + article["height"]
    assert article["width"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    page.locator(".cite").last.click()
    page.locator("#article .lit").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("delete", ["Delete conversation", "Clear"])
def test_a_conversation_survives_reload_in_its_own_browser_and_can_be_deleted(
    serve: Callable[..., Any],
    make: Callable[..., Assistant],
    browser: Any,
    tmp_path: Path,
    delete: str,
) -> None:
    library = Library(tmp_path / "articles")
    context = browser.new_context()
    page = serve(make("The island has 640 inhabitants."), library, context)
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    page.locator("#article .s.used").wait_for()
    page.reload()
    said(page, "640")
    page.locator(".cite").last.click()
    page.locator("#article .lit").wait_for()
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.get_by_role("textbox", name="Question").wait_for()
    other.wait_for_timeout(500)
    assert other.locator(".message.bot").count() == 0
    other.context.close()
    page.get_by_text("Keep or delete this conversation").click()
    page.get_by_role("button", name=delete, exact=True).click()
    page.locator(".message.bot").first.wait_for(state="detached")
    page.locator("#article .pane[data-answers='0']").wait_for()
    page.reload()
    page.get_by_role("textbox", name="Question").wait_for()
    page.wait_for_timeout(500)
    assert page.locator(".message.bot").count() == 0


@pytest.mark.browser
def test_each_article_keeps_its_conversation_and_clearing_stops_the_answer(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    class Slow(FakeLLM):
        go_on = threading.Event()

        def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
            yield from super().stream(*args, **kwargs)
            if len(self.sent) > 1:
                yield " Karin Dahl is its director. It"
                self.go_on.wait(20)

    llm = Slow("The island has 640 inhabitants.", "The sauna costs 5 crowns.")
    page = serve(make(llm=llm), Library(tmp_path / "articles"))
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    answered(page, 1)
    bring(page)
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    ask(page, "What does the sauna cost?")
    said(page, "5 crowns")
    page.get_by_text("Keep or delete this conversation").click()
    page.get_by_role("button", name="Delete conversation").click()
    page.locator(".message.bot").first.wait_for(state="detached")
    llm.go_on.set()
    page.wait_for_timeout(700)
    assert page.locator(".message.bot").count() == 0
    go_back(page)
    said(page, "640")


@pytest.mark.browser
def test_one_of_several_sentences_can_be_reported(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    llm = FakeLLM("The island has 640 inhabitants. A ticket costs 84 crowns.")
    page = serve(make(llm=llm), Library(tmp_path / "articles"))
    ask(page, "How many inhabitants has the island, and what is the fare?")
    said(page, "84 crowns")
    answered(page, 1)
    page.locator("#chat").get_by_label("Feedback").first.click()
    page.get_by_text("This is wrong").last.click()
    page.get_by_role("checkbox", name="A ticket costs 84 crowns.").check()
    page.get_by_role("button", name="Keep them as a case").click()
    page.get_by_text("Kept as a case").first.wait_for()
    (case,) = read([tmp_path / "reported.jsonl"])
    assert case.row.forbidden == ("A ticket costs 84 crowns.",)


@pytest.mark.browser
def test_an_edit_that_cannot_be_answered_loses_nothing(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants.", "A ticket costs 84 crowns."))
    ask(page, "How many inhabitants has the island?")
    answered(page, 1)
    ask(page, "What's the price of a ferry ticket?")
    answered(page, 2)
    page.locator(".message.user").last.hover()
    page.get_by_label("Edit").last.click()
    assert page.locator("#chat textarea").input_value() == "What's the price of a ferry ticket?"
    page.locator("#chat textarea").fill("?!")
    page.get_by_label("Submit").first.click()
    said(page, "There is no question")
    page.reload()
    said(page, "84 crowns")
    answered(page, 2)


@pytest.mark.browser
def test_a_reader_can_do_without_a_model(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("It is said to be large."))
    page.get_by_role("button", name="How sure to be").click()
    page.get_by_role("radio", name="none").check()
    page.wait_for_timeout(300)
    ask(page, "How many inhabitants has the island?")
    said(page, "The island has 640 inhabitants.")


@pytest.mark.browser
def test_a_wrong_answer_becomes_a_case_and_a_question_is_asked_again(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    library = Library(tmp_path / "articles")
    page = serve(make("Its school was closed in 2019.", "The island has 640 inhabitants."), library)
    ask(page, "What happened to the school?")
    said(page, "2019")
    page.locator("#article .s.used").wait_for()
    page.locator("#chat").get_by_label("Feedback").first.click()
    page.get_by_text("This is wrong").last.click()
    page.get_by_text("Kept as a case").first.wait_for()
    (case,) = read([tmp_path / "reported.jsonl"])
    assert case.row.question == "What happened to the school?"
    assert case.row.forbidden == ("Its school was closed in 2019.",)
    page.locator("#chat").get_by_label("Feedback").first.click()
    page.get_by_text("This is wrong").last.click()  # Takes the mark away.
    page.wait_for_timeout(500)
    assert len(read([tmp_path / "reported.jsonl"])) == 1
    page.locator(".message.user").first.hover()
    page.get_by_label("Edit").first.click()
    page.locator("#chat textarea").fill("How many inhabitants has the island?")
    page.get_by_label("Submit").first.click()
    said(page, "640")
    assert page.locator(".message.user").count() == 1


@pytest.mark.browser
def test_articles_can_be_switched_renamed_and_deleted(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    library = Library(tmp_path / "articles")
    assistant = make()
    page = serve(assistant, library)
    bring(page)
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    sauna = next(a for a in library.articles() if a.title.startswith("Sauna"))
    assert assistant.store.has(sauna.id, 1)
    page.get_by_label("Another title for it").fill("The sauna")
    page.get_by_role("button", name="Rename").click()
    page.locator("#article h2", has_text="The sauna").wait_for()
    assert library.open(sauna.id).title == "The sauna"
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("#article h2", has_text="Ferry to Skarholm").wait_for()
    assert [a.id for a in library.articles()] == [assistant.article.id]
    assert sauna.id not in assistant.store.articles()


@pytest.mark.browser
def test_a_conversation_is_exported_and_its_receipt_holds(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    assistant = make("The island has 640 inhabitants.")
    page = serve(assistant)
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    page.locator("#article .s.used").wait_for()
    page.get_by_text("Keep or delete this conversation").click()
    page.get_by_role("button", name="Export").click()
    link = page.locator("a[download$='.json']")
    link.wait_for()
    with page.expect_download() as got:
        link.click()
    assert verify(*read_receipt(Path(got.value.path())), assistant) == []


@pytest.mark.browser
def test_what_is_drawn_does_not_come_back_as_history(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    llm = FakeLLM("Karin Dahl is its director.", "What does Karin Dahl say?", "NOT IN ARTICLE")
    page = serve(make(llm=llm))
    ask(page, "Who is Karin Dahl?")
    said(page, "its director")
    ask(page, "What does she say?")
    said(page, "does not answer")
    rewriting = llm.sent[1][-1].content
    assert "Assistant: Karin Dahl is its director.\n" in rewriting
    assert "Nearest passages" in page.locator(".message.bot").last.inner_text()
    page.get_by_role("button", name="Not in this article").click()
    page.locator("#unanswered", has_text="What does she say?").wait_for()


@pytest.mark.browser
def test_a_pasted_article_replaces_the_first_for_this_reader_only(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any
) -> None:
    llm = FakeLLM("The sauna costs 5 crowns.", "The island has 640 inhabitants.")
    page = serve(make(llm=llm))
    bring(page)
    page.locator("#article h2", has_text="Sauna opens in the harbour").wait_for()
    ask(page, "What does the sauna cost?")
    said(page, "5 crowns")
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.locator("#article h2", has_text="Ferry to Skarholm").wait_for()
    ask(other, "How many inhabitants has the island?")
    said(other, "640")
    assert "sauna" not in other.content().lower()
    other.context.close()


@pytest.mark.browser
def test_what_went_wrong_is_said_on_the_page(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    page = serve(make("The island has 640 inhabitants."))
    ask(page, "?!")
    said(page, "There is no question")
    ask(page, "x" * 20_000)
    said(page, "the limit is 2,000")
    page.get_by_role("button", name="Articles").click()
    page.get_by_role("button", name="Open this article").click()
    page.get_by_text("The article is empty").wait_for()
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\x00\x01\x02")
    page.locator("input[type=file]").set_input_files(str(bad))
    page.get_by_text("bad.txt").first.wait_for()
    page.get_by_role("button", name="Open this article").click()
    page.get_by_text("holds zero bytes").wait_for()
    ask(page, "How many inhabitants has the island?")
    said(page, "640")


@pytest.mark.browser
def test_stop_stops_the_model(serve: Callable[..., Any], make: Callable[..., Assistant]) -> None:
    class Slow(FakeLLM):
        stopped = threading.Event()

        def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
            try:
                for _ in range(300):
                    yield "The island has 640 inhabitants. "
                    self.stopped.wait(0.1)
            finally:
                self.stopped.set()

    llm = Slow()
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    page.get_by_role("button", name="Stop").click()
    assert llm.stopped.wait(2)
    # What was shown is kept.
    answered(page, 1)
    page.reload()
    said(page, "640")


@pytest.mark.browser
def test_stop_does_not_wait_for_the_end_of_a_sentence(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    class Endless(FakeLLM):
        pieces = 0
        stopped = threading.Event()

        def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
            try:
                while self.pieces < 1000:
                    self.pieces += 1
                    yield "and on "
                    self.stopped.wait(0.05)
            finally:
                self.stopped.set()

    llm = Endless()
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="Answering").wait_for()
    page.get_by_role("button", name="Stop").click()
    said(page, "Stopped.")
    assert llm.stopped.wait(2)
    assert llm.pieces < 1000


@pytest.mark.browser
def test_what_is_typed_during_an_answer_stays(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    llm = Waiting()
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing").wait_for()
    box = page.get_by_role("textbox", name="Question")
    box.press_sequentially("Who is the director?")
    llm.go_on.set()
    said(page, "640")
    page.locator("#article .pane[data-answers='1']").wait_for()
    page.wait_for_timeout(500)
    assert box.input_value() == "Who is the director?"


@pytest.mark.browser
def test_a_conversation_is_kept_once_for_each_reader(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make(*["The island has 640 inhabitants."] * 4))
    for i in range(4):
        ask(page, f"How many inhabitants has the island, asked {i + 1} times?")
        answered(page, i + 1)
    (session,) = page.blocks.state_holder.session_data.values()
    held = Counter(c["type"] for c in session.config_values.values())
    assert held["chatbot"] == held["browserstate"] == 1


@pytest.mark.browser
def test_a_browser_without_room_keeps_the_last_questions_and_says_so(
    serve: Callable[..., Any], make: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.browser.ROOM", 2_000)
    page = serve(make(*["The island has 640 inhabitants."] * 3))
    for i in range(3):
        ask(page, f"How many inhabitants has the island, asked {i + 1} times?")
        answered(page, i + 1)
    page.get_by_text("has no room for more").first.wait_for()
    page.reload()
    page.locator(".message.bot").first.wait_for()
    asked = page.locator(".message.user").all_inner_texts()
    assert 0 < len(asked) < 3
    assert "asked 3 times" in asked[-1]


@pytest.mark.browser
def test_stop_before_the_first_sentence_says_so(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    class Slow(FakeLLM):
        stopped = threading.Event()

        def read(self, *_: Any) -> Reading:
            try:
                for done in range(1, 300):
                    yield done, 300
                    self.stopped.wait(0.1)
                return None
            finally:
                self.stopped.set()

    llm = Slow("The island has 640 inhabitants.")
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="Reading the article").wait_for()
    page.get_by_role("button", name="Stop").click()
    said(page, "Stopped.")
    assert llm.stopped.wait(2)
    assert llm.sent == []


@pytest.mark.browser
def test_passages_are_seen_before_the_answer_and_work_has_a_bar(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    class Slow(FakeLLM):
        go_on = threading.Event()

        def read(self, *_: Any) -> Reading:
            yield 0, 300
            yield 100, 300
            self.go_on.wait(20)
            yield 300, 300
            return None

    llm = Slow("The island has 640 inhabitants.")
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    bar = page.locator(".message.bot progress")
    bar.wait_for()
    assert float(bar.get_attribute("value")) == pytest.approx(1 / 3, abs=0.01)
    near = page.locator(".message.bot .nearest .place", has_text="640 inhabitants").first
    assert near.is_visible()
    llm.go_on.set()
    said(page, "✓ supported")


@pytest.mark.browser
def test_what_is_prepared_is_shown_until_it_is_over(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    preparing = Preparing()
    preparing.show("reading the article", 30, 100)
    page = serve(make("The island has 640 inhabitants."), preparing=preparing)
    page.locator("#status progress").wait_for()
    assert "Reading the article, 30%" in page.locator("#status").inner_text()
    preparing.over = True
    page.locator("#status progress").wait_for(state="detached")
    preparing = Preparing()
    preparing.failed, preparing.over = "The model's file is broken. Delete it.", True
    page = serve(make(), preparing=preparing)
    page.locator("#status", has_text="file is broken").wait_for()


@pytest.mark.browser
def test_who_asks_too_fast_is_told_to_wait(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants."), turns=Turns(a_minute=1))
    ask(page, "How many inhabitants has the island?")
    said(page, "✓ supported")
    ask(page, "Who runs the ferry?")
    said(page, "More than 1 questions within a minute")
    assert page.locator(".message.bot", has_text="✓ supported").count() == 1
    assert page.get_by_role("textbox", name="Question").input_value() == "Who runs the ferry?"


class Waiting(FakeLLM):
    """Says nothing until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.stopped = threading.Event()

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        try:
            while not self.go_on.wait(0.05):
                yield ""
            yield "The island has 640 inhabitants."
        finally:
            self.stopped.set()


def another(browser: Any, page: Any) -> Any:
    """The page in a browser of somebody else."""
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.get_by_role("textbox", name="Question").wait_for()
    return other


@pytest.mark.browser
def test_who_waits_sees_passages_and_one_too_many_is_told(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any
) -> None:
    llm = Waiting()
    page = serve(make(llm=llm), turns=Turns(waiting=1))
    second, third = another(browser, page), another(browser, page)
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="Answering").wait_for()
    ask(second, "How many inhabitants has the island?")
    waits = second.locator(".message.bot .doing", has_text="answered first: 1")
    waits.wait_for()
    assert second.locator(".message.bot .nearest .place").count() > 0
    ask(third, "How many inhabitants has the island?")
    said(third, "1 questions wait")
    llm.go_on.set()
    said(page, "640")
    said(second, "640")
    for one in (second, third):
        one.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("leave", ["stop", "close"])
def test_who_leaves_makes_room_for_the_next(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any, leave: str
) -> None:
    llm = Waiting()
    page = serve(make(llm=llm))
    other = another(browser, page)
    ask(other, "How many inhabitants has the island?")
    other.locator(".message.bot .doing", has_text="Answering").wait_for()
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="answered first: 1").wait_for()
    assert not llm.stopped.is_set()
    if leave == "stop":
        other.get_by_role("button", name="Stop").click()
    else:
        other.context.close()
    assert llm.stopped.wait(5)
    page.locator(".message.bot .doing", has_text="Answering").wait_for()
    llm.go_on.set()
    said(page, "640")


@pytest.mark.browser
def test_who_waits_can_stop_waiting(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any
) -> None:
    llm = Waiting()
    page = serve(make(llm=llm))
    other = another(browser, page)
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="Answering").wait_for()
    ask(other, "How many inhabitants has the island?")
    other.locator(".message.bot .doing", has_text="answered first: 1").wait_for()
    other.get_by_role("button", name="Stop").click()
    said(other, "Stopped.")
    llm.go_on.set()
    said(page, "640")
    other.context.close()


class Half(FakeLLM):
    """Says one sentence, and the rest when it is told to go on."""

    def __init__(self, *replies: str) -> None:
        super().__init__(*replies)
        self.go_on = threading.Event()

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        yield from super().stream(*args, **kwargs)
        if len(self.sent) == 1:
            yield " Karin"
            while not self.go_on.wait(0.05):
                yield ""
            yield " Dahl is its director."


@pytest.mark.browser
def test_opening_another_article_ends_the_answer_and_keeps_it_where_it_belongs(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    llm = Half("The island has 640 inhabitants.", "The sauna costs 5 crowns.")
    page = serve(make(llm=llm), Library(tmp_path / "articles"))
    ask(page, "How many inhabitants has the island?")
    said(page, "640")
    bring(page)
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    assert page.locator(".message.bot").count() == 0
    ask(page, "What does the sauna cost?")
    said(page, "5 crowns")
    answered(page, 1)
    page.reload()
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    said(page, "5 crowns")
    go_back(page)
    said(page, "640")
    assert page.locator(".message.bot").count() == 1
    assert "5 crowns" not in page.locator("#chat").inner_text()


@pytest.mark.browser
def test_a_question_put_while_an_article_is_opened_waits_and_ends_with_it(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    class Slow(FakeLLM):
        go_on = threading.Event()

        def read(self, messages: Any, options: Any = ()) -> Reading:
            told = yield from super().read(messages, options)
            if any("sauna" in m.content for m in messages):
                self.go_on.wait(20)
            return told

    llm = Slow(*["The island has 640 inhabitants."] * 2)
    page = serve(make(llm=llm), Library(tmp_path / "articles"))
    bring(page)
    page.wait_for_timeout(700)
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing", has_text="answered first: 1").wait_for()
    llm.go_on.set()
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    page.wait_for_timeout(700)
    assert page.locator(".message.bot").count() == 0
    go_back(page)
    ask(page, "How many inhabitants has the island?")
    said(page, "640")


@pytest.mark.browser
def test_a_session_that_the_server_forgot_goes_on_where_the_browser_was(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    llm = FakeLLM("The sauna costs 5 crowns.", *["Children pay nothing."] * 3)
    page = serve(make(llm=llm), Library(tmp_path / "articles"))
    bring(page)
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    ask(page, "What does the sauna cost?")
    answered(page, 1)
    page.blocks.state_holder.session_data.clear()
    ask(page, "What do children pay?")
    said(page, "nothing")
    answered(page, 2)
    page.reload()
    page.locator("#article h2", has_text="Sauna opens").wait_for()
    answered(page, 2)
    said(page, "5 crowns")
    said(page, "nothing")


@pytest.mark.browser
def test_a_question_put_while_another_is_edited_is_not_taken(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    class Later(FakeLLM):
        go_on = threading.Event()

        def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
            while len(self.sent) == 1 and not self.go_on.wait(0.05):
                yield ""
            yield from super().stream(*args, **kwargs)

    llm = Later("The island has 640 inhabitants.", "A ticket costs 84 crowns.")
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    answered(page, 1)
    page.locator(".message.user").first.hover()
    page.get_by_label("Edit").first.click()
    page.locator("#chat textarea").fill("What's the price of a ferry ticket?")
    page.get_by_label("Submit").first.click()
    page.locator(".message.bot .doing").wait_for()
    ask(page, "Who is the director?")
    page.wait_for_timeout(500)
    llm.go_on.set()
    said(page, "84 crowns")
    answered(page, 1)
    assert page.locator(".message.user").count() == 1
    assert page.get_by_role("textbox", name="Question").input_value() == "Who is the director?"


@pytest.mark.browser
def test_an_article_that_cannot_be_opened_leaves_no_answer_that_never_ends(
    serve: Callable[..., Any], make: Callable[..., Assistant], tmp_path: Path
) -> None:
    llm = Waiting()
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    page.locator(".message.bot .doing").wait_for()
    bring(page, "")
    page.get_by_text("The article is empty").wait_for()
    said(page, "Stopped.")
    assert llm.stopped.wait(5)
    page.locator("input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": SAUNA.encode()}
    )
    page.get_by_text("a.txt").first.wait_for()
    bring(page)
    page.get_by_text("which is it").wait_for()
    assert page.get_by_label("Paste the text").input_value() == SAUNA


@pytest.mark.browser
def test_a_question_with_signs_of_markup_is_edited_as_it_was_put(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants.", "The island has 640 inhabitants."))
    ask(page, "R&D on <b>this</b> island?")
    answered(page, 1)
    assert page.locator(".message.user").inner_text().strip() == "R&D on <b>this</b> island?"
    page.locator(".message.user").hover()
    page.get_by_label("Edit").click()
    assert page.locator("#chat textarea").input_value().startswith("R&D")
    page.get_by_label("Cancel").click()
    page.get_by_label("Retry").last.click()
    page.wait_for_timeout(1500)
    answered(page, 1)
    assert page.locator(".message.user").inner_text().strip() == "R&D on <b>this</b> island?"


@pytest.mark.browser
def test_escape_leaves_a_quote_under_the_pointer(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants."))
    ask(page, "How many inhabitants has the island?")
    answered(page, 1)
    cite = page.locator(".cite").first
    cite.hover()
    tip = cite.locator(".tip")
    tip.wait_for(state="visible")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    page.mouse.move(0, 0)
    cite.hover()
    tip.wait_for(state="visible")


@pytest.mark.browser
def test_nothing_is_asked_of_other_machines_and_no_script_of_an_article_runs(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    hostile = (
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    )
    text = f"The page said {hostile} and nothing else. ![x](http://192.0.2.1/a.png) was beside it."
    page = serve(make(f"The page said {hostile} and ![x](http://192.0.2.1/a.png).", text=text))
    ask(page, f"What did the page say? {hostile}")
    said(page, "The page said")
    page.get_by_role("button", name="Who says what").click()
    page.wait_for_timeout(500)
    assert page.title() != "owned"
    assert page.locator(".message img, #article img").count() == 0
    assert [u for u in page.outside if "192.0.2.1" in u] == []
    assert page.outside == []


def test_a_port_that_is_taken_is_told(make: Callable[..., Assistant], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(port=taken.getsockname()[1], data_dir=tmp_path)
        with pytest.raises(SettingsError, match="ASSISTANT_PORT"):
            launch(make(), settings, no_progress, open_browser=False)


def test_a_page_that_others_could_open_needs_a_login(
    make: Callable[..., Assistant], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_AUTH"):
        launch(make(), Settings(host="0.0.0.0", data_dir=tmp_path), no_progress, False)
    bad = Settings(auth=SecretStr("password"), data_dir=tmp_path)
    with pytest.raises(SettingsError, match="name:password"):
        launch(make(), bad, no_progress, False)


@pytest.mark.browser
@pytest.mark.model
def test_the_real_model_on_the_page(serve: Callable[..., Any], real: Assistant) -> None:
    """Asked, followed up, refused, reloaded, exported; every citation leads to its quote."""
    page = serve(real)
    ask(page, "How many people live on the island?")
    page.locator(".message.bot .nearest .place").first.wait_for(timeout=60_000)
    said(page, "640", timeout=120_000)
    answered(page, 1)
    ask(page, "Who is the director of Nordsund?")
    answered(page, 2)
    said(page, "Karin Dahl")
    ask(page, "What did she say about the ship?")
    answered(page, 3)
    said(page, "ice-going")
    cites_lead_to_their_words(page)
    ask(page, "What is the name of the ship's captain?")
    answered(page, 4)
    said(page, "does not answer")
    page.get_by_text("Not in this article").click()
    page.locator("#unanswered", has_text="captain").wait_for()
    before = page.locator(".message.bot").all_inner_texts()
    page.reload()
    said(page, "640")
    assert page.locator(".message.bot").all_inner_texts() == before
    page.get_by_text("Keep or delete this conversation").click()
    page.get_by_role("button", name="Export").click()
    link = page.locator("a[download$='.json']")
    link.wait_for()
    with page.expect_download() as got:
        link.click()
    assert verify(*read_receipt(Path(got.value.path())), real) == []


@pytest.mark.browser
@pytest.mark.model
def test_the_real_model_cites_the_right_one_of_two_equal_sentences(
    serve: Callable[..., Any], real: Assistant
) -> None:
    text = (
        "Two harbours\n\nIn Lindvik the harbour was dredged in spring. The warden counted 38 boats."
        "\n\nIn Skarholm the harbour was dredged in autumn. The warden counted 38 boats."
    )
    page = serve(real.on(from_text(text)))
    ask(page, "When was the harbour in Skarholm dredged, and how many boats were counted?")
    answered(page, 1)
    cites_lead_to_their_words(page)
    assert page.locator(".cite").count() > 0


@pytest.mark.browser
@pytest.mark.model
def test_the_real_model_serves_two_readers_and_stops(
    serve: Callable[..., Any], real: Assistant, browser: Any
) -> None:
    page = serve(real)
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.get_by_role("textbox", name="Question").wait_for()
    ask(page, "How many people live on the island?")
    ask(other, "Who is the mayor?")
    answered(page, 1)
    answered(other, 1)
    said(page, "640")
    said(other, "Olof Brandt")
    assert "Brandt" not in page.locator("#chat").inner_text()
    assert "640" not in other.locator("#chat .claim").first.inner_text()
    ask(page, "Tell me everything that is in the article, sentence by sentence.")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Stop").click()
    ask(other, "How much is a ticket?")
    answered(other, 2)
    said(other, "84")
    other.context.close()


@pytest.mark.browser
@pytest.mark.model
def test_the_real_model_with_the_keyboard_alone_on_a_phone(
    serve: Callable[..., Any], real: Assistant, browser: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = serve(real, context=context)
    tab_to(page, "#talk textarea")
    page.keyboard.type("How many people live on the island?")
    page.keyboard.press("Enter")
    answered(page, 1)
    tab_to(page, ".cite")
    page.locator(".cite .tip").first.wait_for()
    quote = page.evaluate("document.activeElement.getAttribute('aria-label')").partition(": ")[2]
    page.keyboard.press("Enter")
    lit = page.locator("#article .lit")
    lit.wait_for()
    assert lit.inner_text() == quote
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.browser
@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("zero.txt", b"\x00\x01\x02", "holds zero bytes"),
        ("empty.txt", b"  \n", "is empty"),
        ("latin.txt", "Die Fähre fährt um zehn.".encode("latin-1"), "is not UTF-8 text"),
        ("paper.txt", b"%PDF-1.7 ...", "is a PDF"),
        ("short.md", b"Hm.", "at least one full sentence"),
        ("page.html", b"<html><body><script>1</script></body></html>", "No article was found"),
        ("long.txt", b"It rained again. " * 140_000, "limit"),
    ],
)
def test_a_bad_upload_is_told_and_the_page_goes_on(
    serve: Callable[..., Any], real: Assistant, tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    page = serve(real)
    title = page.locator("#article h2").inner_text()
    page.get_by_role("button", name="Articles").click()
    (tmp_path / name).write_bytes(data)
    page.locator("input[type=file]").set_input_files(str(tmp_path / name))
    page.get_by_text(name).first.wait_for()
    page.get_by_role("button", name="Open this article").click()
    toast = page.get_by_text(told).first
    toast.wait_for()
    assert "/" not in toast.inner_text().replace("iconv -f WINDOWS-1252", "")
    assert page.locator("#article h2").inner_text() == title


def tab_to(page: Any, selector: str) -> None:
    """Presses Tab until what is wanted has the focus."""
    page.locator("body").focus()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches('{selector}')"):
            return
    pytest.fail(f"{selector} cannot be reached with the keyboard")


def answered(page: Any, questions: int) -> None:
    page.locator(f"#article .pane[data-answers='{questions}']").wait_for(timeout=120_000)


def cites_lead_to_their_words(page: Any) -> None:
    for cite in page.locator(".cite").all():
        quote = cite.get_attribute("aria-label").partition(": ")[2]
        cite.click()
        lit = page.locator(f"#article .lit[data-start='{cite.get_attribute('data-start')}']")
        lit.wait_for()
        assert lit.inner_text() == quote


def test_programs_call_it_by_stable_names(make: Callable[..., Assistant]) -> None:
    from gradio_client import Client

    blocks = build(make("The island has 640 inhabitants.", "The sauna costs 5 crowns."))
    blocks.queue()
    _, url, _ = blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    try:
        client = Client(url, verbose=False)
        answer = client.predict("How many inhabitants has the island?", "", api_name="/ask")
        (claim,) = answer["claims"]
        (citation,) = claim["citations"]
        span = citation["span"]
        words = client.predict(span["start"], span["end"], "", api_name="/quote")
        assert words == citation["quote"] == "The island has 640 inhabitants."
        text = "Sauna opens in the harbour\n\nThe sauna costs 5 crowns for an hour."
        opened = client.predict(text, "", api_name="/open_article")
        other = client.predict("What does the sauna cost?", opened["article_id"], api_name="/ask")
        assert "5 crowns" in other["text"]
        given: tuple[Any, ...]
        for given, name, told in (
            ((None, ""), "/ask", "question must be text"),
            (("What?", 5), "/ask", "article_id must be text"),
            (("0", 5, ""), "/quote", "start must be a whole number"),
            ((5, 2, ""), "/quote", "give offsets within"),
            ((5, ""), "/open_article", "text must be text"),
        ):
            with pytest.raises(Exception, match=told):
                client.predict(*given, api_name=name)
        with pytest.raises(Exception, match="not kept here"):
            client.predict("What?", "0" * 20, api_name="/ask")
        assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
            "/ask",
            "/quote",
            "/open_article",
        }
    finally:
        blocks.close()
