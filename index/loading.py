"""Reads an article from a file, an address, bytes or text, and says what it left out."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from index.article import Article
from index.errors import ArticleError

MAX_BYTES = 2_000_000
"""About 300,000 words: far beyond any article, small enough to index in minutes on two cores."""

TEXT_SUFFIXES = (".txt", ".text", ".md", ".markdown")
HTML_SUFFIXES = (".html", ".htm", ".xhtml")
SUFFIXES = TEXT_SUFFIXES + HTML_SUFFIXES


def load(source: str | Path) -> Article:
    """The article in a text, Markdown or HTML file, or at an http(s) address.

    Raises ArticleError if there is no such file, or it is not an article that can be read.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        data, kind = _fetch(source)
        return from_bytes(data, name=source, kind=kind)
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            raise ArticleError(f"{str(path)!r} is a folder. Give the path of one article.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ArticleError(_too_large(str(path), size))
        data = path.read_bytes()
    except FileNotFoundError:
        raise ArticleError(f"No such file: {str(path)!r}. Check the path.") from None
    except (OSError, ValueError) as error:
        raise ArticleError(f"Cannot read {str(path)!r}: {error}.") from error
    return from_bytes(data, name=str(path), kind=path.suffix.lower())


def from_bytes(data: bytes, name: str = "", kind: str = ".txt") -> Article:
    """The article in `data`, UTF-8 (or UTF-16 with its mark); `kind` is a file suffix.

    Raises ArticleError naming what is wrong and what to do; nothing is guessed.
    """
    label = repr(name) if name else "The article"
    if len(data) > MAX_BYTES:
        raise ArticleError(_too_large(name, len(data)))
    if not data.strip():
        raise ArticleError(f"{label} is empty. Give the text of an article.")
    if data.startswith(b"%PDF"):
        raise ArticleError(
            f"{label} is a PDF. Save its text first, for example with `pdftotext FILE article.txt`."
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data:
        raise ArticleError(
            f"{label} is not text (it holds zero bytes). Readable: {', '.join(SUFFIXES)}."
        )
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{label} is not {encoding.removesuffix('-sig').upper()} text (byte {error.start}). "
            "If it is text in another encoding, convert it first, for example with "
            "`iconv -f WINDOWS-1252 -t UTF-8 FILE > article.txt`."
        ) from None
    if kind in HTML_SUFFIXES or re.match(r"\s*(<!doctype html|<html)\b", text, re.IGNORECASE):
        return _from_html(text, name)
    return from_text(text, source=name)


def from_text(text: str, title: str = "", source: str = "") -> Article:
    """The article in `text`: normalised, boilerplate around it left out and listed in `dropped`.

    With `title`, the text is taken to be the body and the title is kept beside it.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ArticleError(
            f"The article has half a character at place {error.start}, as if cut there. Give it as "
            "whole Unicode text."
        ) from error
    if size > MAX_BYTES:
        raise ArticleError(_too_large(source, size))
    text = normalise(text)
    if not text:
        raise ArticleError("The article is empty. Give the text of an article.")
    if len(re.findall(r"\w+", text)) < 3:
        raise ArticleError(
            f"The article is only {text[:40]!r}. Give at least one full sentence of text."
        )
    blocks = _unwrap(text).split("\n")
    head, body, tail = _frame(blocks)
    found = _headline(head, " ".join(body)) if not title else ""
    above = _site_name(head, found) if found else ""
    kept = [line for line in head if not line or line != above]
    dropped = [line for line in [above, *tail] if line]
    parts = [part.strip() for line in head for part in (line, *line.split(" | ")[1:])]
    bylines = (_name(m[1] or m[2]) for m in map(_BYLINE.match, parts) if m)
    dates = [m.group(0) for m in map(_DATE.search, [*head, *_own(tail)]) if m]
    days = [m.group(0) for line in head if line != found and (m := _DAY.search(line))]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept + body)).strip()
    return Article(
        text=text,
        title=title or found,
        source=source,
        author=next(bylines, ""),
        published=next(iter([*dates, *days]), ""),
        language=detect_language(text) or "en",
        dropped=tuple(dropped),
    )


_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)


def normalise(text: str) -> str:
    """`text` as NFC, with plain spaces and line breaks and no invisible characters.

    Invisible are soft hyphens, zero-width spaces, direction controls and the tag characters in
    which text can be hidden from readers. Quotation marks and dashes stay as written.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"\r\n?|[\u2028\u2029\u0085\x0b\x0c]", "\n", text)
    text = _INVISIBLE.sub("", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# What publishing systems print around an article, not what any one article says.
_NETWORKS = "facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|instagram|email|print"
_CHROME = re.compile(
    r"^\W*(?:"
    + "|".join(
        (
            r"read (the )?(full|whole|original) (article|story|post|text|report)( .{0,40})?",
            r"read (more|next|also)(:.*)?|continue reading( .{0,40})?|see also(:.*)?",
            r"leave (a|your) (reply|comment)( .{0,40})?|cancel reply.*",
            r"(post a |no |\d+ )?comments?",
            r"your e-?mail( address)? will not be published.*|required fields are marked.*",
            r"save my name,? e-?mail.*|notify me of .*|(name|e-?mail|website) ?\*?",
            r"log ?in|sign (up|in)( (to|with|for) .{0,40})?|subscribe( (now|to .{0,60}))?",
            r"follow us( on .{0,60})?|newsletter|advertisement",
            r"sponsored( (content|posts?|links?))?",
            r"(share|tweet|pin|e-?mail)( (this|it))?( (article|story|post|page))?",
            r"share (on|via) .{0,40}",
            rf"(copy link|{_NETWORKS})([\s,|/·]+(copy link|{_NETWORKS}))*",
            r"(related|recommended|popular|trending) (articles?|posts?|stories|news|reading)",
            r"related|trending",
            r"(latest|more) (articles?|posts?|stories)|more (from|in) (this|our) .{1,60}",
            r"most (viewed|read|popular|shared)|comments? \(\d+\)",
            r"you (may|might) also (like|enjoy)( .{0,20})?",
            r"all rights reserved.*|copyright (©|\(c\)|\d{4}).*|© ?.*|privacy policy",
            r"terms (of (use|service)|and conditions)( .{0,40})?",
            r"(this (site|website)|we) uses? cookies.*|(accept|reject|manage)( all)? cookies",
            r"home|menu|search|skip to (main )?content|back to top",
            r"(next|previous)( (post|article))?|(tags?|filed under|categor(y|ies)):.*",
        )
    )
    + r")\W*$",
    re.IGNORECASE,
)
_WRITER = r"[^\W\d_][\w.'’-]*(?: \([a-z]+\))?"
_BYLINE = re.compile(
    r"^(?:(?:written|story|words|text|opinion|analysis|review) )?by:? +"
    rf"({_WRITER}(?:[ ,&]+{_WRITER}){{0,7}}?)"
    r"(?: +(?:[|·•–—]|(?:last )?updated\b|published\b).*)?$"
    # In other languages only names, for a headline may begin so.
    r"|^(?:(?-i:Von|Por|Par|Text von))"
    r" ((?-i:(?:[A-ZÀ-Þ][\w.'’-]+|und|y|et|de|del|la|van|von)(?:[ ,]+|$)){2,8})(?:[|·•–—].*)?$",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"\b(?:photo(?:graph)?s?|pictures?|images?|captions?|credit|fotos?)\b[^.]{0,20}[:/]",
    re.IGNORECASE,
)
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(
    rf"\b(?:(?:{_MONTHS})[a-z]*\.? \d{{1,2}},? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? "
    rf"(?:{_MONTHS})[a-z]*\.?,? \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})\b"
)
_MONTH = rf"(?:{_MONTHS})(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember|t)?"
_DAY = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH}\.? \d{{1,2}})\b"
)
"""A date without its year: of a dateline, not of a headline."""
_OTHERS = re.compile(
    r"^\W*(?:related|recommended|popular|trending|latest|more|most|read (?:more|next|also)|see also"
    r"|you (?:may|might) also)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^#* *(?:(?:title|headline): +)?", re.IGNORECASE)
_HEAD_LINES = 12
_TAIL_LINES = 40
_LEAD = 25
"""Words of a line from which on it is no headline."""
_SHORT = 40
"""Words of a line that may be furniture if one part of it is."""


def _is_prose(line: str) -> bool:
    # A headline may be long, but it seldom ends as a sentence does.
    return len(line.split()) >= _LEAD or bool(re.search(r"[.!?。][\"'”’»)]*$", line))


def _frame(blocks: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Lines above the first prose, the article, and page furniture from its end on."""
    told = [i for i, line in enumerate(blocks) if _is_prose(line)]
    first = told[0] if told else 0
    # A headline may be a question, or two sentences: who wrote it, or when, stands below.
    if len(told) > 1 and not any(blocks[:first]) and len(blocks[first].split()) < _LEAD:
        below = [line for line in blocks[first + 1 : told[1]] if line]
        if any(_BYLINE.match(line) or _DATE.search(line) for line in below):
            first = told[1]
    first = first if first <= _HEAD_LINES * 2 else 0
    head = blocks[:first]
    body = blocks[first:]
    end = len(body)
    for i in range(len(body) - 1, max(0, len(body) - _TAIL_LINES), -1):
        if not body[i]:
            continue
        parts = body[i].split(" | ") if len(body[i].split()) < _SHORT else [body[i]]
        if any(map(_CHROME.match, parts)):
            end = i
        elif _is_prose(body[i]):
            break
    return head, body[:end], body[end:]


def _own(tail: list[str]) -> list[str]:
    """The page furniture up to what it says of other articles, which have other dates."""
    others = (i for i, line in enumerate(tail) if _OTHERS.match(line))
    return tail[: next(others, len(tail))]


def _name(byline: str) -> str:
    """Who wrote it: without where, nor the full stop of a sentence, but with that of an initial."""
    return re.sub(r"(?i: (?:in|at) .*|(?<=\w{4})\.)$", "", byline.strip(" ,"))


def _headline(head: list[str], body: str) -> str:
    """The first line above the text that shares at least half as many words with it as the line
    that shares most, which may be the longer one below.
    """
    lines = [s for s in head if s and not _BYLINE.match(s) and not _CHROME.match(s)]
    lines = [s for s in lines if len(_DATE.sub("", s).split()) >= 2 and not _CAPTION.search(s)]
    words = set(_words(body))
    shared = [len(words & set(_words(s))) for s in lines]
    found = (s for s, n in zip(lines, shared, strict=True) if 2 * n >= max(shared))
    return _LABEL.sub("", next(found, ""))


def _site_name(head: list[str], title: str) -> str:
    """The first line if it stands above the title and shares no word with it, else nothing."""
    first = next((line for line in head if line), "")
    above = first.lstrip("# ") != title and not _BYLINE.match(first) and not _DATE.search(first)
    return first if above and not set(_words(first)) & set(_words(title)) else ""


def _words(text: str) -> list[str]:
    return [w for w in re.findall(r"\w+", text.casefold()) if len(w) > 3]


def _unwrap(text: str) -> str:
    """`text` with hard-wrapped lines joined, if most of its lines are cut inside a sentence."""
    lines = text.split("\n")
    inner = [a for a, b in pairwise(lines) if a and b]
    cut = [a for a in inner if len(a) > 40 and not re.search(r"[.!?:;][\"'”’)]*$", a)]
    if len(inner) < 3 or len(cut) < 0.6 * len(inner) or max(map(len, lines)) > 110:
        return text
    return re.sub(r"(?<=\S)\n(?!\s|[-*•|#>]|\d+[.)]\s)", " ", text)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language of `text`; "" if that is less likely than not."""
    language, probability = _identifier().classify(text[:4000])
    return str(language) if probability > 0.5 else ""


def _from_html(html: str, name: str) -> Article:
    import trafilatura

    extracted = trafilatura.bare_extraction(
        html, url=name or None, include_comments=False, include_tables=True, with_metadata=True
    )
    text = normalise(extracted.text or "") if extracted else ""
    if not text:
        raise ArticleError(
            f"No article was found in the page {name!r}. "
            "Save its text in a .txt file and open that."
        )
    return Article(
        text=text,
        title=extracted.title or "",
        source=name,
        author=extracted.author or "",
        published=extracted.date or "",
        language=detect_language(text) or "en",
    )


def _fetch(address: str) -> tuple[bytes, str]:
    """What is at the address, and the file suffix for its content type."""
    import httpx

    try:
        with httpx.stream("GET", address, timeout=20, follow_redirects=True) as response:
            response.raise_for_status()
            plain = response.headers.get("content-type", "").startswith("text/plain")
            data = b""
            for part in response.iter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise ArticleError(_too_large(address, len(data)))
            return data, ".txt" if plain else ".html"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ArticleError(
            f"Cannot fetch {address!r}: {error or type(error).__name__}. "
            "Check the address, or save the article's text in a file and open that."
        ) from error


def _too_large(name: str, size: int) -> str:
    return (
        f"{name or 'The article'} has {size / 1e6:.1f} MB; the limit is {MAX_BYTES / 1e6:.0f} MB. "
        "Give one article, not a collection."
    )
