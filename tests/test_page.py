"""The page in a real browser. The model is scripted here, and the real one in one test."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from assistant import Assistant, SettingsError
from assistant.models import no_progress
from tests.fakes import FakeLLM
from ui.app import ASSETS, build, launch

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

    def serve(assistant: Assistant) -> Any:
        blocks = build(assistant)
        blocks.queue()
        _, url, _ = blocks.launch(
            server_name="127.0.0.1",
            server_port=None,
            prevent_thread_lock=True,
            quiet=True,
            css=(ASSETS / "page.css").read_text(),
        )
        served.append(blocks)
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        # Nothing may be asked of any other machine.
        page.outside = []
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
        blocks.close()


def ask(page: Any, question: str) -> None:
    page.get_by_role("textbox", name="Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def said(page: Any, text: str, timeout: float = 20_000) -> None:
    page.locator(".message.bot", has_text=text).last.wait_for(timeout=timeout)


@pytest.mark.browser
def test_ask_and_see_the_quote_beside_the_answer(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    page = serve(make("The island has 640 inhabitants."))
    ask(page, "How many inhabitants has the island?")
    said(page, "The island has 640 inhabitants.")
    page.locator("#evidence mark", has_text="The island has 640 inhabitants.").wait_for()
    assert "supported by the article" in page.locator("#evidence").inner_text()
    assert "supported by" not in page.locator(".message.bot").last.inner_text()


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
    assert "Nearest passages" in page.locator("#evidence").inner_text()


@pytest.mark.browser
def test_a_pasted_article_replaces_the_first_for_this_reader_only(
    serve: Callable[..., Any], make: Callable[..., Assistant], browser: Any
) -> None:
    llm = FakeLLM("The sauna costs 5 crowns.", "The island has 640 inhabitants.")
    page = serve(make(llm=llm))
    page.get_by_text("Another article").click()
    page.get_by_label("Paste the text").fill(
        "Sauna opens in the harbour\n\nThe sauna costs 5 crowns for an hour. Children pay nothing."
    )
    page.get_by_role("button", name="Open this article").click()
    page.get_by_role("heading", name="Sauna opens in the harbour").wait_for()
    ask(page, "What does the sauna cost?")
    said(page, "5 crowns")
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.get_by_role("heading", name="Ferry to Skarholm").wait_for()
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
    page.get_by_text("Another article").click()
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


@pytest.mark.browser
def test_stop_before_the_first_sentence_says_so(
    serve: Callable[..., Any], make: Callable[..., Assistant]
) -> None:
    class Reading(FakeLLM):
        stopped = threading.Event()

        def read(self, *_: Any) -> Iterator[tuple[int, int]]:
            try:
                for done in range(1, 300):
                    yield done, 300
                    self.stopped.wait(0.1)
            finally:
                self.stopped.set()

    llm = Reading("The island has 640 inhabitants.")
    page = serve(make(llm=llm))
    ask(page, "How many inhabitants has the island?")
    said(page, "Reading the article")
    page.get_by_role("button", name="Stop").click()
    said(page, "Stopped.")
    assert llm.stopped.wait(2)
    assert llm.sent == []


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
    page.get_by_text("The article as it was read").click()
    page.wait_for_timeout(500)
    assert page.title() != "owned"
    assert page.locator(".message img, #evidence img").count() == 0
    assert [u for u in page.outside if "192.0.2.1" in u] == []
    assert page.outside == []


def test_a_port_that_is_taken_is_told(make: Callable[..., Assistant]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="ASSISTANT_PORT"):
            launch(make(), "127.0.0.1", taken.getsockname()[1], no_progress, open_browser=False)


@pytest.mark.browser
@pytest.mark.model
def test_the_real_model_on_the_page(serve: Callable[..., Any], real: Assistant) -> None:
    page = serve(real)
    ask(page, "How many people live on the island?")
    said(page, "640", timeout=120_000)
    mark = page.locator("#evidence mark").first
    mark.wait_for()
    assert mark.inner_text() in real.article.text


def test_the_question_function_is_an_endpoint(make: Callable[..., Assistant]) -> None:
    names = {f.api_name for f in build(make()).fns.values()}
    assert {"ask", "open_article"} <= names
