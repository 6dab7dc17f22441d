"""The reader: article on one side, chat on the other, each citation one click from its words."""

from __future__ import annotations

import json
import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from html import escape, unescape
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import gradio as gr
from gradio.events import api

from assistant import Answer, Assistant, AssistantError, Settings, SettingsError, suggest, voice
from assistant.gate import THRESHOLDS, Strictness
from assistant.models import Progress
from assistant.receipt import ANSWER, receipt
from index import SUFFIXES, Article, Library, from_text, load
from ui import browser, export, render
from ui.browser import Saved
from ui.pace import Pace, Preparing, Work
from ui.turns import Turns

log = logging.getLogger(__name__)

Messages = list[dict[str, str]]
Where = Callable[..., tuple[Article, list[Answer]]]
"""`_where` with what it has from the page."""

ASSETS = Path(__file__).parent / "assets"
WRONG = "This is wrong"

_PULSE = 0.2
"""Seconds after which a Stop is seen at the latest, if the model gives a sign of life."""

NO_MODEL = "none"

_WAITING = "Others asked before; questions that are answered first: {}"

_NO_ROOM = (
    "This browser has no room for more. Questions, the oldest, that it does not keep for the next "
    "visit: {}. Save the conversation as a file to keep it."
)

_LOCAL = ("127.0.0.1", "localhost")


def build(
    assistant: Assistant,
    library: Library | None = None,
    secret: str | None = None,
    preparing: Preparing | None = None,
    model: str = "",
    turns: Turns | None = None,
) -> gr.Blocks:
    """The page for `assistant`. Each browser has its conversation and article to itself.

    `library` is where opened articles are kept, by default in memory; `secret` encrypts what a
    browser keeps, and must stay the same for conversations to outlive a restart. `preparing` is
    what goes on elsewhere and is shown until it is over. `model` is what ASSISTANT_LLM says.
    `turns` says how much may be asked.
    """
    library = library or Library(None)
    first = assistant.article
    if first.id not in {a.id for a in library.articles()}:
        library.add(first)  # Else it may have been renamed.
    turns = turns or Turns()

    where = partial(_where, assistant, library)

    # Gradio sees what a function wants to know of its call only if it is no partial.
    def put(
        question: str,
        own: Any,
        answers: Any,
        saved: Any,
        strictness: Any,
        llm: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        article, whole = where(own, answers, saved)
        on = own or _on(assistant, article, strictness, llm)
        before, typed, given = whole, True, event._data
        if isinstance(given, dict) and "index" in given:
            # A question that was edited, or is asked again: what comes after it goes.
            before, typed = whole[: _number(given["index"])], False
            question = unescape(render.drawn(given["value"]))
        wait = turns.wait(_reader(request))
        with turns.answering(str(request.session_hash)) as goes_on:
            for shown in _answer(on, question, before, whole, turns, wait, typed, goes_on):
                if goes_on():
                    yield shown
            if not goes_on():
                # Gradio gives once more, at the end, what came last.
                yield gr.skip(), gr.skip(), gr.skip()

    def end(request: gr.Request) -> None:
        turns.end(str(request.session_hash))

    def doubted(own: Any, answers: Any, saved: Any, event: gr.LikeData) -> tuple[Any, ...]:
        number = _number(event.index)
        article, whole = where(own, answers, saved)
        said = [c.text for c in whole[number].claims] if number < len(whole) else []
        several = bool(event.liked) and len(said) > 1
        if event.liked and not several:
            _report(article, library, whole, number, said)
        return gr.CheckboxGroup(said, value=[], visible=several), gr.Button(visible=several), number

    def reported(wrong: Any, number: int, own: Any, answers: Any, saved: Any) -> tuple[Any, ...]:
        if not wrong:
            raise gr.Error("Choose the sentences that are wrong.")
        article, whole = where(own, answers, saved)
        _report(article, library, whole, number, wrong)
        return gr.CheckboxGroup(visible=False), gr.Button(visible=False)

    def taken(
        pasted: str,
        path: str | None,
        strictness: Any,
        llm: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:
        if wait := turns.wait(_reader(request)):
            raise gr.Error(wait)
        return _take(assistant, library, turns, pasted, path, strictness, llm, progress)

    value = model or _model(assistant)
    with gr.Blocks(
        title="Article Assistant", analytics_enabled=False, delete_cache=(3600, 86400)
    ) as page:
        # None before the page is restored, and when the server has forgotten the session.
        own: gr.State = gr.State(None)
        opened: gr.State = gr.State(None)
        answers: gr.State = gr.State([])
        saved = gr.BrowserState(browser.NOTHING, storage_key="article-assistant", secret=secret)
        if preparing:
            status = gr.HTML(_status(preparing), elem_id="status")
            timer = gr.Timer(0.5)
            timer.tick(
                partial(_watched, preparing),
                None,
                [status, timer],
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )
        with gr.Row(elem_id="panes"):
            with gr.Column(scale=6, elem_id="reading"):
                article = gr.HTML(render.reader(first), elem_id="article")
                with gr.Accordion("In short", open=False):
                    short = gr.HTML(render.summary(first, assistant.summary()), elem_id="short")
                with gr.Accordion("Who says what", open=False):
                    who = gr.HTML(_who(first), elem_id="who")
                with gr.Accordion("Left out as not the article's own", open=False):
                    left = gr.HTML(render.dropped(first))
            with gr.Column(scale=5, elem_id="talk"):
                chat = gr.Chatbot(
                    label="Chat",
                    height=520,
                    buttons=[],
                    # What is drawn is escaped in ui.render; nothing of it is Markdown.
                    render_markdown=False,
                    sanitize_html=False,
                    group_consecutive_messages=False,
                    editable="user",
                    feedback_options=[WRONG],
                    elem_id="chat",
                )
                with gr.Row():
                    box = gr.Textbox(
                        label="Question",
                        placeholder="Ask about the article",
                        scale=8,
                        autofocus=True,
                    )
                    send = gr.Button("Ask", variant="primary", scale=1, min_width=90)
                    stop = gr.Button("Stop", variant="stop", scale=1, min_width=90)
                with gr.Group():
                    wrong = gr.CheckboxGroup([], label="Which sentences are wrong?", visible=False)
                    tell = gr.Button("Keep them as a case", visible=False)
                    number = gr.State(0)
                ideas = gr.Dataset(components=[box], **_ideas(first))
                with gr.Accordion("Not in this article", open=False):
                    unanswered = gr.HTML(render.not_in_article(first, []), elem_id="unanswered")
                with gr.Accordion("Keep or delete this conversation", open=False):
                    with gr.Row():
                        keep = gr.Button("Export")
                        clear = gr.Button("Delete conversation")
                    files = gr.File(label="Markdown, HTML, JSON receipt", interactive=False)
                with gr.Accordion("How sure to be", open=False):
                    strictness = gr.Radio(
                        list(THRESHOLDS),
                        value=_dial(assistant),
                        label="ASSISTANT_STRICTNESS",
                    )
                    llm = gr.Radio(
                        list(dict.fromkeys([value, NO_MODEL])),
                        value=value,
                        label="ASSISTANT_LLM",
                        info=f"{NO_MODEL}: the article's own sentences, and no model.",
                    )
        with gr.Accordion("Articles", open=False), gr.Row():
            with gr.Column():
                listed = gr.Dropdown(
                    _choices(library), value=first.id, label="Articles opened here"
                )
                name = gr.Textbox(label="Another title for it")
                with gr.Row():
                    choose = gr.Button("Open")
                    rename = gr.Button("Rename")
                    delete = gr.Button("Delete", variant="stop")
            with gr.Column():
                pasted = gr.Textbox(label="Paste the text of an article", lines=6)
                upload = gr.File(
                    label="or choose a file", file_types=list(SUFFIXES), type="filepath"
                )
                take = gr.Button("Open this article")

        here = [own, answers, saved]
        dials = [strictness, llm]
        shown = [article, short, who, left, ideas, chat, answers, unanswered, saved, files]
        settled = [article, unanswered, saved]
        private: dict[str, Any] = {"api_visibility": "private"}
        quiet: dict[str, Any] = {**private, "show_progress": "hidden", "concurrency_limit": None}
        ideas.click(lambda sample: sample[0], ideas, box, **private)
        # One event, so that a reader has one answer written at a time.
        asked = gr.on(
            [box.submit, send.click, chat.edit, chat.retry],
            put,
            [box, *here, *dials],
            [box, chat, answers],
            **quiet,  # `turns` has one after the other answered.
        )
        asked.then(partial(_settled, where), here, settled, **quiet)

        def ended(trigger: Any) -> Any:
            """Ends the answer that is being written, and keeps what was shown of it.

            The answer ends itself as soon as it may not go on. Gradio runs a function before it
            cancels for it, so what is kept is an event of its own; and what was begun after the
            first of a chain of events it does not cancel.
            """
            return trigger(end, cancels=asked, queue=False, **private).then(
                partial(_stopped, where), [chat, *here], [chat, *settled], **private
            )

        def opens(button: Any, do: Any, given: Any, changed: Any) -> None:
            """Opens an article; what is asked meanwhile is kept with the article before."""
            done = ended(button.click).then(do, given, [opened, *changed], **private)
            ended(done.success).then(_view, [opened, saved], [own, *shown], **private)

        ended(stop.click)
        ended(partial(gr.on, [clear.click, chat.clear])).then(
            partial(_cleared, where),
            here,
            [article, chat, answers, unanswered, saved, files],
            **private,
        )
        opens(take, taken, [pasted, upload, *dials], [listed, pasted, upload])
        opens(choose, partial(_choose, assistant, library, turns), [listed, *dials], [])
        ended(delete.click).then(
            partial(_delete, assistant, library, where),
            [listed, *here, *dials],
            [own, *shown, listed],
            **private,
        )
        rename.click(
            partial(_rename, assistant, library, where),
            [listed, name, *here, *dials],
            [own, article, listed, name],
            **private,
        )
        chat.like(doubted, here, [wrong, tell, number], **private)
        tell.click(reported, [wrong, number, *here], [wrong, tell], **private)
        keep.click(partial(_exported, where), here, files, **private)
        gr.on(
            [strictness.input, llm.input],
            partial(_dialled, assistant, where),
            [*here, *dials],
            own,
            **private,
        )
        page.load(
            partial(_restored, assistant, library, where),
            [saved, *dials],
            [own, *shown, listed],
            **private,
        )
        _offer(assistant, library, turns)
    assert isinstance(page, gr.Blocks)
    return page


def _reader(request: gr.Request | None) -> str:
    """Who asks. All who log in have one name."""
    host = request.client.host if request and request.client else ""
    return f"{getattr(request, 'username', None) or ''}@{host}"


def _status(preparing: Preparing) -> str:
    if preparing.failed:
        return render.note(f"⚠ {preparing.failed}")
    if preparing.over:
        return ""
    return render.work(preparing.work or "Getting ready …")


def _watched(preparing: Preparing) -> tuple[str, Any]:
    return _status(preparing), gr.Timer(active=not preparing.over)


def _offer(assistant: Assistant, library: Library, turns: Turns) -> None:
    """What programs may call: as Gradio's API, and as tools where MCP is on."""

    def ask(question: str, article_id: str = "", request: gr.Request = None) -> dict[str, Any]:  # type: ignore[assignment]
        """Answers a question about an article, each sentence with its verdict and exact quotes.

        Args:
            question: The question, in the article's language.
            article_id: The id that open_article gave; empty for the article of the page.
        """
        _checked(str, question=question, article_id=article_id)
        if wait := turns.wait(_reader(request)):
            raise gr.Error(wait)
        article = _named(assistant, library, article_id)
        on = assistant if article == assistant.article else _told(assistant.on, article)
        answer = _told(_in_turn, turns, partial(on.ask, question), lambda _: None)
        return dict(ANSWER.dump_python(answer, mode="json"))

    def quote(start: int, end: int, article_id: str = "") -> str:
        """Gives the words of an article from one character offset to another.

        Args:
            start: The offset of the first character.
            end: The offset after the last character.
            article_id: The id that open_article gave; empty for the article of the page.
        """
        _checked(int, start=start, end=end)
        _checked(str, article_id=article_id)
        text = _named(assistant, library, article_id).text
        if not 0 <= start < end <= len(text):
            raise gr.Error(f"The article has {len(text)} characters; give offsets within them.")
        return text[start:end]

    def open_article(text: str, title: str = "", request: gr.Request = None) -> dict[str, str]:  # type: ignore[assignment]
        """Opens an article, to be asked about by the id that this gives.

        Args:
            text: The whole text of the article.
            title: Its title, if the text does not begin with it.
        """
        _checked(str, text=text, title=title)
        if wait := turns.wait(_reader(request)):
            raise gr.Error(wait)
        article = _told(from_text, text, title)
        _told(library.add, article)
        return {"article_id": article.id, "title": article.title, "language": article.language}

    api(ask, api_name="ask", concurrency_limit=None)
    api(quote, api_name="quote")
    api(open_article, api_name="open_article")


def _in_turn(turns: Turns, do: Callable[[], Any], waits: Callable[[int], Any]) -> Any:
    """Does what needs the model, after those who came before; `waits` is told how many they are."""
    with turns.place() as ahead:
        while others := ahead():
            waits(others)
            sleep(_PULSE)
        return do()


def _told(do: Any, *given: Any) -> Any:
    try:
        return do(*given)
    except AssistantError as error:
        raise gr.Error(escape(str(error)), duration=None) from error


def _checked(kind: type[str] | type[int], **given: object) -> None:
    """Raises gr.Error for what is not of the kind: Gradio takes what it is sent."""
    for name, value in given.items():
        if not isinstance(value, kind):
            raise gr.Error(f"{name} must be {'text' if kind is str else 'a whole number'}.")


def _named(assistant: Assistant, library: Library, article_id: str) -> Article:
    if not article_id or article_id == assistant.article.id:
        return assistant.article
    article: Article = _told(library.open, article_id)
    return article


def launch(
    assistant: Assistant, settings: Settings, progress: Progress, open_browser: bool = True
) -> None:
    """Serves the page until interrupted; the article is read while the page opens.

    Raises SettingsError if it cannot be served there, or would be open to others without a login.
    """
    given = settings.auth.get_secret_value()
    user, _, password = given.partition(":")
    if given and not (user and password):
        raise SettingsError("ASSISTANT_AUTH is not of the form name:password.")
    if settings.host not in _LOCAL and not given:
        raise SettingsError(
            f"The page would be open to others at {settings.host!r}. Set ASSISTANT_AUTH to "
            "name:password, or ASSISTANT_HOST to 127.0.0.1."
        )
    if ":" in settings.host:
        raise SettingsError(
            f"ASSISTANT_HOST is {settings.host!r}; IPv6 addresses cannot be served. Use 127.0.0.1."
        )
    if settings.mcp and given:
        raise SettingsError(
            "The MCP server knows no login: leave out ASSISTANT_AUTH, or ASSISTANT_MCP."
        )
    if settings.mcp and find_spec("mcp") is None:
        raise SettingsError(
            "ASSISTANT_MCP needs a package more: .venv/bin/pip install -e '.[local,mcp]'."
        )
    in_memory = str(settings.data_dir) == ":memory:"
    library = Library(None if in_memory else settings.data_dir / "articles")
    preparing = Preparing()
    secret = None if in_memory else _secret(settings.data_dir)
    page = build(assistant, library, secret, preparing, settings.llm)
    page.queue()
    try:
        _, url, _ = page.launch(
            server_name=settings.host,
            server_port=settings.port or None,
            inbrowser=open_browser,
            share=False,
            auth=(user, password) if given else None,
            mcp_server=settings.mcp,
            prevent_thread_lock=True,
            quiet=True,
            footer_links=[],
            max_file_size="3mb",
            **dressed(),
        )
    except OSError as error:
        raise SettingsError(
            f"The page cannot be served at {settings.host}:{settings.port} ({error}). Another "
            "program may be using the port: set ASSISTANT_PORT to another one, or to 0 for any."
        ) from error
    print(f"The chat is open at {url} (Ctrl+C ends it).", flush=True)

    def show(doing: str, done: int, total: int) -> None:
        preparing.show(doing, done, total)
        progress(doing, done, total)

    try:
        assistant.warm(show)
    except AssistantError as error:
        preparing.failed = str(error)
        log.warning("%s", error)
    preparing.over = True
    page.block_thread()


def dressed() -> dict[str, Any]:
    """The style and the script of the page, as `launch` takes them."""
    return {
        "css": (ASSETS / "page.css").read_text(encoding="utf-8"),
        "head": f"<script>{(ASSETS / 'reader.js').read_text(encoding='utf-8')}</script>",
    }


def _secret(folder: Path) -> str:
    """What the conversations in browsers are encrypted with, the same after a restart."""
    path = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16))
        return path.read_text()
    except OSError as error:
        raise SettingsError(
            f"Cannot write to {str(folder)!r}: {error.strerror}. Set ASSISTANT_DATA_DIR to a "
            "folder that can be written."
        ) from error


def _answer(
    assistant: Assistant,
    question: str,
    answers: list[Answer],
    whole: list[Answer],
    turns: Turns,
    wait: str,
    typed: bool,
    goes_on: Callable[[], bool],
) -> Iterator[tuple[Any, Any, Any]]:
    """The box, the chat growing sentence by sentence, and the conversation.

    `answers` come before the question; `whole` is the conversation as it is, which stays if there
    is no answer: what an edited question would replace is not lost before. What the model is told
    of it are earlier questions and answers, never the drawn messages: those hold marks and numbers
    that the model would take for its own words. If the reader has to `wait`, only that is said. A
    question that was `typed` leaves the box. As soon as it no longer `goes_on`, the model is
    stopped, and nothing more comes.
    """
    article = assistant.article
    put = _message("user", render.asked(question))
    before = [*_messages(article, answers), put]
    same = gr.skip()
    if wait:
        text = render.note(f"⚠ {wait}")
        yield same, _now([*_messages(article, whole), put, _said(text)]), whole
        return
    # The box is emptied once: what is typed meanwhile stays.
    yield _now("") if typed else same, _now([*before, _said(render.note("…"))]), same
    answer: Answer | None = None
    doing: Work | str = "Looking for an answer …"
    pace = Pace()

    def reading(what: str, done: int, total: int) -> None:
        nonlocal doing
        work = pace.at(what, done, total)
        # What was read before is not worth a word.
        doing = work if work.part < 0.9 else "Answering …"

    shown, at = (-1, doing), 0.0
    try:
        stream = assistant.stream(question, _history(answers), reading)
        with turns.place() as ahead, closing(stream):  # type: ignore[type-var]
            for answer in stream:
                while others := ahead():
                    # The passages are there; the model answers somebody else.
                    text = render.progress(answer, article, _WAITING.format(others))
                    yield same, _now([*before, _said(text)]), same
                    sleep(_PULSE)
                    if not goes_on():
                        return
                if not goes_on():
                    return
                grown = len(answer.claims) + answer.abstained
                if (grown, doing) == shown:
                    if monotonic() - at >= _PULSE:
                        at = monotonic()
                        yield same, same, same  # Nothing new, but here a Stop is seen.
                    continue
                shown, at = (grown, doing), monotonic()
                if grown:
                    # It is kept as it grows: Stop keeps what was shown.
                    text = render.message(answer, article)
                    yield same, _now([*before, _said(text)]), [*answers, answer]
                else:
                    text = render.progress(answer, article, doing)
                    yield same, _now([*before, _said(text)]), same
    except AssistantError as error:
        wrong = render.note(f"⚠ {error}")
        if answer and answer.claims:
            text = render.message(answer, article) + wrong
            yield same, _now([*before, _said(text)]), [*answers, answer]
        else:
            # The question can be edited, or asked again, where it stands.
            yield same, _now([*_messages(article, whole), put, _said(wrong)]), whole
        return
    assert answer is not None
    text = render.message(answer, article)
    yield same, _now([*before, _said(text)]), [*answers, answer]


def _where(
    default: Assistant,
    library: Library,
    own: Assistant | None,
    answers: list[Answer],
    saved: Saved,
) -> tuple[Article, list[Answer]]:
    """The article and the conversation of a session.

    They are those that its browser has where the server does not know them: before the page is
    restored, after a restart, and when Gradio has given the session up.
    """
    if own is not None:
        return own.article, answers
    article = default.article
    wanted = saved.get("article") if isinstance(saved, dict) else ""
    with suppress(AssistantError):
        article = library.open(str(wanted or article.id))
    return article, answers or browser.answers(saved, article)


def _on(default: Assistant, article: Article, strictness: Strictness, llm: str) -> Assistant:
    """The assistant for an article as the dials are."""
    plain = llm == NO_MODEL
    if (article, strictness, plain) == (default.article, _dial(default), default.llm is None):
        return default
    assistant: Assistant = _told(default.on, article, strictness, plain)
    return assistant


def _dial(assistant: Assistant) -> Strictness | float:
    """What the page shows of how sure to be; a number is no choice there."""
    return assistant.strictness if assistant.strictness in THRESHOLDS else "balanced"


def _settled(
    where: Where, own: Assistant | None, answers: list[Answer], saved: Saved
) -> tuple[str, str, Saved]:
    """The article with what was used marked, what it does not answer, what the browser keeps."""
    article, answers = where(own, answers, saved)
    saved, lost = browser.save(saved, article, answers)
    if lost:
        gr.Warning(_NO_ROOM.format(lost))
    return render.reader(article, answers), render.not_in_article(article, answers), saved


def _now(value: Any) -> dict[str, Any]:
    """A new value of what is skipped at other times.

    Gradio 6 makes a new component for each skip, and keeps a value that is given to it as it is for
    as long as the session. The same holds for a value that comes from it: so what the browser
    keeps, which grows and is asked for, is never skipped.
    """
    return gr.update(value=value)


def _number(index: int | Sequence[int]) -> int:
    """Which question of the conversation a message belongs to."""
    return (index if isinstance(index, int) else index[0]) // 2


def _report(
    article: Article,
    library: Library,
    answers: Sequence[Answer],
    number: int,
    wrong: Sequence[str],
) -> None:
    """Adds a case to the suite of what was reported: the sentences `wrong` may not be said again;
    none where a refusal is wrong.
    """
    if number >= len(answers):
        raise gr.Error("There is no answer to report.")
    if not set(wrong) <= {c.text for c in answers[number].claims}:
        raise gr.Error("The conversation is another one by now; say again which answer is wrong.")
    history = [{"role": r, "content": c} for r, c in _history(answers[:number])]
    question = answers[number].question
    path = _told(library.report, article, question, history, wrong)
    gr.Info(f"Kept as a case for `article-assistant eval --suite {escape(str(path))}`.")


def _history(answers: Sequence[Answer]) -> list[tuple[str, str]]:
    return [turn for a in answers for turn in (("user", a.question), ("assistant", a.text))]


def _stopped(
    where: Where,
    messages: Messages,
    own: Assistant | None,
    answers: list[Answer],
    saved: Saved,
) -> tuple[Any, ...]:
    """The page after Stop: an answer that had not begun says that it was stopped."""
    article, answers = where(own, answers, saved)
    drawn = _messages(article, answers)
    if len(messages) > 1 and messages[-1]["role"] == "assistant":
        text = render.drawn(messages[-1]["content"])
        if "class='doing'" in text or text == render.note("…"):
            put = _message("user", render.drawn(messages[-2]["content"]))
            drawn += [put, _said(render.note("Stopped."))]
    return _now(drawn), *_settled(where, own, answers, saved)


def _messages(article: Article, answers: Sequence[Answer]) -> Messages:
    return [
        m
        for a in answers
        for m in (_message("user", render.asked(a.question)), _said(render.message(a, article)))
    ]


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _said(text: str) -> dict[str, str]:
    return _message("assistant", text)


def _view(assistant: Assistant, saved: Saved) -> tuple[Any, ...]:
    """The assistant, and what is on the page of its article and the conversation about it."""
    article = assistant.article
    answers = browser.answers(saved, article)
    if lost := len(browser.conversations(saved).get(article.id, [])) - len(answers):
        gr.Warning(f"Questions that another version kept, and that cannot be read: {lost}.")
    return (
        assistant,
        render.reader(article, answers),
        render.summary(article, assistant.summary()),
        _who(article),
        render.dropped(article),
        gr.Dataset(**_ideas(article)),
        _now(_messages(article, answers)),
        answers,
        render.not_in_article(article, answers),
        browser.save(saved, article, answers)[0],
        None,
    )


def _ideas(article: Article) -> dict[str, Any]:
    asked, beside = suggest.questions(article)
    label = "For example; the last one the article does not answer" if beside else "For example"
    return {"samples": [[q] for q in (*asked, beside) if q], "label": label}


def _who(article: Article) -> str:
    return render.who_says_what(article, voice.sources(article))


def _restored(
    default: Assistant,
    library: Library,
    where: Where,
    saved: Saved,
    strictness: Strictness,
    llm: str,
) -> tuple[Any, ...]:
    """The page as this browser left it; with the first article if the other is not there."""
    article, _ = where(None, [], saved)
    choices = gr.Dropdown(_choices(library), value=article.id)
    return *_view(_on(default, article, strictness, llm), saved), choices


def _cleared(
    where: Where, own: Assistant | None, answers: list[Answer], saved: Saved
) -> tuple[Any, ...]:
    article, _ = where(own, answers, saved)
    saved, _ = browser.save(saved, article, [])
    unanswered = render.not_in_article(article, [])
    return render.reader(article), _now([]), [], unanswered, saved, None


def _exported(
    where: Where, own: Assistant | None, answers: list[Answer], saved: Saved
) -> Iterator[list[str]]:
    """The paths of the conversation as Markdown, HTML and a receipt; Gradio takes copies."""
    article, answers = where(own, answers, saved)
    if not answers:
        raise gr.Error("There is no conversation yet. Ask something first.")
    made = {
        "conversation.md": export.markdown(article, answers),
        "conversation.html": export.page(article, answers),
        "receipt.json": json.dumps(receipt(article, answers), ensure_ascii=False, indent=1),
    }
    with tempfile.TemporaryDirectory(prefix="article-assistant-") as folder:
        for name, text in made.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        yield [str(Path(folder, name)) for name in made]


def _take(
    default: Assistant,
    library: Library,
    turns: Turns,
    pasted: str,
    path: str | None,
    strictness: Strictness,
    llm: str,
    progress: gr.Progress,
) -> tuple[Any, ...]:
    """The pasted or uploaded article, opened and kept."""
    if path and pasted.strip():
        raise gr.Error("There is a file, and text was pasted: which is it? Take one of them away.")
    if path:
        # Where an upload lies on this machine is nobody's business.
        try:
            article = replace(load(path), source=Path(path).name)
        except AssistantError as error:
            raise gr.Error(
                escape(str(error).replace(path, Path(path).name)), duration=None
            ) from error
    else:
        article = _told(from_text, pasted)
    assistant = _opened(default, turns, article, strictness, llm, progress)
    _told(library.add, article)
    return assistant, gr.Dropdown(_choices(library), value=article.id), "", None


def _choose(
    default: Assistant,
    library: Library,
    turns: Turns,
    article_id: str,
    strictness: Strictness,
    llm: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Assistant:
    article = _told(library.open, article_id)
    return _opened(default, turns, article, strictness, llm, progress)


def _opened(
    default: Assistant,
    turns: Turns,
    article: Article,
    strictness: Strictness,
    llm: str,
    progress: gr.Progress,
) -> Assistant:
    pace = Pace()

    def show(doing: str, done: int, total: int) -> None:
        progress((done, total), desc=str(pace.at(doing, done, total)))

    def waits(others: int) -> None:
        progress(0, desc=_WAITING.format(others))

    assistant = _on(default, article, strictness, llm)
    _told(_in_turn, turns, partial(assistant.warm, show), waits)
    return assistant


def _rename(
    default: Assistant,
    library: Library,
    where: Where,
    article_id: str,
    name: str,
    own: Assistant | None,
    answers: list[Answer],
    saved: Saved,
    strictness: Strictness,
    llm: str,
) -> tuple[Any, ...]:
    renamed = _told(library.rename, article_id, name)
    listed = gr.Dropdown(_choices(library), value=article_id)
    article, answers = where(own, answers, saved)
    if article.id == article_id:
        article, own = renamed, _on(default, renamed, strictness, llm)
    return own, render.reader(article, answers), listed, ""


def _delete(
    default: Assistant,
    library: Library,
    where: Where,
    article_id: str,
    own: Assistant | None,
    answers: list[Answer],
    saved: Saved,
    strictness: Strictness,
    llm: str,
) -> tuple[Any, ...]:
    """Forgets the article, its vectors and the conversation; the page goes back to the first."""
    if article_id == default.article.id:
        raise gr.Error("This is the article that the page was opened on; open another one first.")
    article, _ = where(own, answers, saved)
    _told(library.delete, article_id)
    _told(default.store.delete, article_id)
    kept = {i: a for i, a in browser.conversations(saved).items() if i != article_id}
    gone = article.id == article_id
    stays = default.article if gone else article
    left = {"article": stays.id, "conversations": kept}
    choices = gr.Dropdown(_choices(library), value=stays.id)
    if not gone:
        # The page stays; only what its browser keeps is less.
        return own, *(gr.skip() for _ in range(8)), left, gr.skip(), choices
    return *_view(_on(default, stays, strictness, llm), left), choices


def _dialled(
    default: Assistant,
    where: Where,
    own: Assistant | None,
    answers: list[Answer],
    saved: Saved,
    strictness: Strictness,
    llm: str,
) -> Assistant:
    return _on(default, where(own, answers, saved)[0], strictness, llm)


def _choices(library: Library) -> list[tuple[str, str]]:
    return [(a.title or "Untitled article", a.id) for a in library.articles()]


def _model(assistant: Assistant) -> str:
    return assistant.llm.name if assistant.llm else NO_MODEL
