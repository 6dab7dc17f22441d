"""The command `article-assistant`: ask, index, ui, doctor, and what other packages add."""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoints, entry_points
from importlib.resources import files
from typing import TYPE_CHECKING

from assistant.models import Progress
from assistant.settings import Settings, read
from index.errors import AssistantError

if TYPE_CHECKING:
    from assistant import Answer, Assistant, Claim

SAMPLE = str(files("ui") / "assets" / "sample.txt")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. 0 is success, 1 a finding of doctor, 2 an error that was told."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = _parser().parse_args(given if not given or given[0] not in _added().names else given[:1])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A quote may hold any character; Windows would write a redirected one in its code page.
            stream.reconfigure(encoding="utf-8")
    try:
        chosen = {n: getattr(args, n, None) for n in ("port", "strictness")}
        settings = read(**{name: value for name, value in chosen.items() if value is not None})
        logging.basicConfig()
        # On the handler: some libraries set a level of their own on their loggers.
        logging.root.handlers[0].setLevel(settings.log_level)
        if "added" in args:
            added: int = _added()[args.added].load()(given[1:])
            return added
        command: Callable[[argparse.Namespace, Settings], int] = args.command
        return command(args, settings)
    except AssistantError as error:
        print(f"article-assistant: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="article-assistant",
        description="Answers questions about an article, each sentence with the words it rests on.",
        epilog="Settings are environment variables that begin with ASSISTANT_; see the README.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ask = commands.add_parser("ask", help="answer a question, or chat if there is none")
    ask.add_argument("article", help="a .txt, .md or .html file, or an http(s) address")
    ask.add_argument("question", nargs="?", help="left out: a chat in the terminal")
    _add_strictness(ask)
    ask.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    ask.set_defaults(command=_ask)
    index = commands.add_parser("index", help="read an article and put it in the index")
    index.add_argument("article")
    index.add_argument("--delete", action="store_true", help="take it out of the index instead")
    index.set_defaults(command=_index)
    page = commands.add_parser("ui", help="open the chat in the browser")
    page.add_argument("article", nargs="?", default=SAMPLE, help="default: a bundled article")
    page.add_argument("--port", type=int, help="default: ASSISTANT_PORT, 7860")
    _add_strictness(page)
    page.add_argument("--no-browser", action="store_true", help="only serve")
    page.set_defaults(command=_ui)
    doctor = commands.add_parser("doctor", help="check what is installed and set")
    doctor.set_defaults(command=_doctor)
    verify = commands.add_parser("verify", help="check a receipt of a conversation again")
    verify.add_argument("receipt", help="the .json file that the page exported")
    verify.add_argument("article", nargs="?", help="default: the article as it was opened here")
    verify.set_defaults(command=_verify)
    for name in sorted(_added().names):
        commands.add_parser(name, help=f"see {name} --help").set_defaults(added=name)
    return parser


def _added() -> EntryPoints:
    """The commands that are installed beside these; eval is one."""
    return entry_points(group="article_assistant.commands")


def _add_strictness(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--strictness",
        choices=("strict", "balanced", "open"),
        help="how sure to be before answering; default: ASSISTANT_STRICTNESS, balanced",
    )


def _open(article: str, settings: Settings) -> Assistant:
    from assistant import Assistant

    return Assistant.open(article, settings, _bar())


def _ask(args: argparse.Namespace, settings: Settings) -> int:
    if args.question is None and args.json:
        print("article-assistant: --json needs a question.", file=sys.stderr)
        return 2
    if args.question is not None:
        from assistant.answer import checked

        checked(args.question)
    with _open(args.article, settings) as assistant:
        assistant.warm(_bar())
        if args.question is None:
            return _chat(assistant)
        if args.json:
            answer = assistant.ask(args.question)
            print(json.dumps(answer.as_dict(), ensure_ascii=False, indent=2))
        else:
            _show(assistant, args.question, [])
    return 0


def _chat(assistant: Assistant) -> int:
    article = assistant.article
    print(f"{article.title or article.source}\nAsk about it; an empty line ends.")
    history: list[tuple[str, str]] = []
    while question := _input():
        try:
            answer = _show(assistant, question, history)
        except AssistantError as error:
            print(error)
            continue
        history += [("user", question), ("assistant", answer.text)]
    return 0


def _input() -> str:
    try:
        return input("\n> ").strip()
    except EOFError:
        return ""


def _show(assistant: Assistant, question: str, history: list[tuple[str, str]]) -> Answer:
    """Prints the answer as it comes, then its citations."""
    shown = 0
    for answer in assistant.stream(question, history):
        for claim in answer.claims[shown:]:
            markers = "".join(f"[{c.marker}]" for c in claim.citations)
            doubt = "" if claim.verdict == "supported" else f" ({_doubt(claim)})"
            print(f"{claim.text} {markers}{doubt}", flush=True)
        shown = len(answer.claims)
    for notice in answer.notices:
        print(f"Note: {notice}")
    if answer.abstained:
        print(answer.text)
        for passage in answer.retrieved[:2]:
            print(f"\n  Nearest: {passage.chunk.text}")
    for citation in answer.citations:
        print(f"\n  [{citation.marker}] {citation.quote}")
    return answer


def _doubt(claim: Claim) -> str:
    verdict = "partly supported" if claim.verdict == "partly" else claim.verdict
    return f"{verdict}; {claim.doubt}" if claim.doubt else verdict


def _index(args: argparse.Namespace, settings: Settings) -> int:
    from assistant.engine import open_embedder, open_store
    from index import Retriever, load

    article = load(args.article)
    embedder = open_embedder(settings)
    store = open_store(settings)
    if args.delete:
        store.delete(article.id)
        print(f"{article.id} is not in the index (any more).")
        return 0
    retriever = Retriever(article, store, embedder)
    done = "indexed" if retriever.added else "was indexed already"
    print(
        f"{article.id} {done}: {article.title or '(no title)'}; "
        f"{len(article.sentences)} sentences, {len(retriever.chunks)} passages, "
        f"language {article.language}."
    )
    for line in article.dropped:
        print(f"  left out: {line}")
    return 0


def _ui(args: argparse.Namespace, settings: Settings) -> int:
    print("Starting; this takes a moment ...", file=sys.stderr, flush=True)
    with _open(args.article, settings) as assistant:
        from ui.app import launch

        launch(assistant, settings, _bar(), open_browser=not args.no_browser)
    return 0


def _doctor(args: argparse.Namespace, settings: Settings) -> int:
    from assistant.doctor import examine

    wrong = 0
    for finding in examine(settings):
        print(f"{'ok ' if finding.ok else 'BAD'}  {finding.subject}: {finding.text}", flush=True)
        wrong += not finding.ok
    return 1 if wrong else 0


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    from pathlib import Path

    from assistant import Assistant
    from assistant.receipt import read_receipt, verify
    from index import Library, load

    article_id, answers = read_receipt(Path(args.receipt))
    if args.article:
        article = load(args.article)
    else:
        article = Library(settings.data_dir / "articles").open(article_id)
    offline = settings.model_copy(update={"llm": "none", "data_dir": Path(":memory:")})
    with Assistant.of(article, offline) as assistant:
        wrong = verify(article_id, answers, assistant)
    for line in wrong:
        print(f"BAD  {line}")
    sentences = sum(len(a.claims) for a in answers)
    print(f"{len(answers)} answers, {sentences} sentences: {len(wrong)} do not hold")
    return 1 if wrong else 0


def _bar() -> Progress:
    """Progress as a bar on the terminal, one for each thing that is done."""
    from tqdm import tqdm

    bars: dict[str, tqdm[None]] = {}

    def show(doing: str, done: int, total: int) -> None:
        if doing not in bars:
            unit = "B" if total > 1_000_000 else ""
            bars[doing] = tqdm(
                desc=doing, total=total, unit=unit, unit_scale=bool(unit), leave=False
            )
        bar = bars[doing]
        bar.update(done - bar.n)
        if done >= total:
            bars.pop(doing).close()

    return show
