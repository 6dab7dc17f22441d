"""The page: a chat about one article, with the evidence beside it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant import Answer, Assistant, AssistantError, SettingsError
from assistant.models import Progress
from index import SUFFIXES, from_text, load
from ui import render

log = logging.getLogger(__name__)

Turn = tuple[str, str]
History = list[Turn]
Messages = list[dict[str, str]]

ASSETS = Path(__file__).parent / "assets"
EXAMPLES = (
    "What is the article about?",
    "Who is quoted, and what do they say?",
    "What reasons does the article give?",
    "Which numbers does the article give?",
)


def build(assistant: Assistant) -> gr.Blocks:
    """The page for `assistant`; each browser session may open an article of its own on it."""
    with gr.Blocks(title="Article Assistant", analytics_enabled=False) as page:
        # None means the assistant that the page was built for: states are copied, models are not.
        own: gr.State = gr.State(None)
        history: gr.State = gr.State([])
        head = gr.HTML(render.about(assistant.article))
        with gr.Row():
            with gr.Column(scale=3):
                # No Markdown: nothing that an article or a model writes is markup.
                chat = gr.Chatbot(label="Chat", height=460, buttons=["copy"], render_markdown=False)
                with gr.Row():
                    box = gr.Textbox(
                        label="Question",
                        placeholder="Ask about the article",
                        scale=8,
                        autofocus=True,
                    )
                    send = gr.Button("Ask", variant="primary", scale=1, min_width=90)
                    stop = gr.Button("Stop", variant="stop", scale=1, min_width=90)
                gr.Examples([[e] for e in EXAMPLES], inputs=box, label="For example")
            with gr.Column(scale=2):
                gr.Markdown("### What the answer rests on")
                panel = gr.HTML("", elem_id="evidence")
        with gr.Accordion("Another article", open=False):
            pasted = gr.Textbox(label="Paste the text of an article", lines=6)
            upload = gr.File(label="or choose a file", file_types=list(SUFFIXES), type="filepath")
            take = gr.Button("Open this article")
        with gr.Accordion("The article as it was read", open=False):
            whole = gr.HTML(render.whole(assistant.article))

        asked = gr.on(
            [box.submit, send.click],
            partial(_answer, assistant),
            [box, chat, history, own],
            [box, chat, history, panel],
            api_name="ask",
            concurrency_limit=1,
        )
        ended = stop.click(None, cancels=[asked], api_visibility="private")
        ended.then(_stopped, chat, chat, api_visibility="private")
        chat.clear(lambda: ([], ""), None, [history, panel], api_visibility="private")
        take.click(
            partial(_open, assistant),
            [pasted, upload],
            [own, head, whole, chat, history, panel, pasted, upload],
            api_name="open_article",
        )
    assert isinstance(page, gr.Blocks)
    return page


def launch(
    assistant: Assistant, host: str, port: int, progress: Progress, open_browser: bool = True
) -> None:
    """Serves the page until interrupted; the article is read while the page opens."""
    page = build(assistant)
    page.queue(max_size=16)
    try:
        _, url, _ = page.launch(
            server_name=host,
            server_port=port or None,
            inbrowser=open_browser,
            share=False,
            prevent_thread_lock=True,
            quiet=True,
            css=(ASSETS / "page.css").read_text(),
            footer_links=[],
            max_file_size="3mb",
        )
    except OSError as error:
        raise SettingsError(
            f"The page cannot be served at {host}:{port} ({error}). Another program may be using "
            "the port: set ASSISTANT_PORT to another one, or to 0 for any."
        ) from error
    print(f"The chat is open at {url} (Ctrl+C ends it).", flush=True)
    try:
        assistant.warm(progress)
    except AssistantError as error:
        log.warning("%s", error)
    page.block_thread()


def _answer(
    default: Assistant, question: str, messages: Messages, history: History, own: Assistant | None
) -> Iterator[tuple[Any, Messages, History, str]]:
    """The chat growing sentence by sentence, and the evidence panel beside it.

    What the model is told of the conversation is `history`, never the drawn messages: those hold
    marks and numbers that the model would take for its own words.
    """
    assistant = own or default
    shown = [*messages, {"role": "user", "content": render.plain(question)}]
    yield "", [*shown, _said("…")], history, ""
    answer: Answer | None = None
    doing = "Looking for an answer …"

    def reading(what: str, done: int, total: int) -> None:
        nonlocal doing
        # What was read before is not worth a word.
        much = done < 0.9 * total
        doing = f"{what.capitalize()}, {done / total:.0%} …" if much else "Answering …"

    try:
        for answer in assistant.stream(question, history, reading):
            text = render.message(answer) or doing
            yield "", [*shown, _said(text)], history, render.evidence(answer, assistant.article)
    except AssistantError as error:
        kept = f"{render.message(answer)}\n\n" if answer and answer.claims else ""
        yield question, [*shown, _said(f"{kept}⚠ {render.plain(str(error))}")], history, ""
        return
    assert answer is not None
    history = [*history, ("user", question), ("assistant", answer.text)]
    yield (
        "",
        [*shown, _said(render.message(answer))],
        history,
        render.evidence(answer, assistant.article),
    )


def _stopped(messages: Messages) -> Messages:
    """The chat after Stop: an answer that had not begun says that it was stopped."""
    if messages and messages[-1]["role"] == "assistant":
        text = render.drawn(messages[-1]["content"])
        if text.endswith("…"):
            return [*messages[:-1], _said("Stopped.")]
    return messages


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def _open(
    default: Assistant,
    pasted: str,
    path: str | None,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[Any, ...]:
    """The page with the pasted or uploaded article, or a message and the page as it was."""
    try:
        article = load(path) if path else from_text(pasted)
        assistant = default.on(article)
        assistant.warm(_shown(progress))
    except AssistantError as error:
        raise gr.Error(render.plain(str(error)), duration=None) from error
    return assistant, render.about(article), render.whole(article), [], [], "", "", None


def _shown(progress: gr.Progress) -> Progress:
    def show(doing: str, done: int, total: int) -> None:
        progress((done, total), desc=doing)

    return show
