"""What a reader may ask first: questions that an article answers, and one that it does not."""

from __future__ import annotations

import re
from collections import Counter

from assistant import voice
from assistant.words import FUNCTION_WORDS
from index import Article

_PHRASES = {
    "en": ("What is the article about?", "What does the article say about {}?"),
    "de": ("Worum geht es in dem Artikel?", "Was sagt der Artikel über „{}“?"),
    "es": ("¿De qué trata el artículo?", "¿Qué dice el artículo sobre «{}»?"),
    "fr": ("De quoi parle l’article ?", "Que dit l’article de « {} » ?"),
}
ABOUT = _PHRASES["en"][0]

_PEOPLE = 2
_AGE = re.compile(r"\b(?:aged? \d|\d+[- ]years?[- ]old|, \d{2},)", re.IGNORECASE)
_DATE = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|"
    r"september|october|november|december",
    re.IGNORECASE,
)
_WORD = r"[A-ZÀ-Þ][\w-]*(?:[’'][A-ZÀ-Þ][\w-]*)?"
_NAME = re.compile(rf"\b{_WORD}(?: (?:(?:of|de|del|von|van) )?{_WORD})*")
_OPENS = re.compile(r"(?:^\W*|[“\"‘'])$")
"""What stands before the first word of a sentence or of a quotation."""
_OF_A_PLACE = re.compile(r"\w+(?:ish|ese|[ie]an|ican)s?|French|Greeks?|Dutch|Germans?|Swiss")
_MR = ("Mr", "Mrs", "Ms", "Dr")


def questions(article: Article) -> tuple[list[str], str]:
    """At most four questions that the article answers, and one that it does not ("" if none).

    Made from who is quoted, in English, and what is named most often. In languages that have no
    phrases here there is only the first question of all.
    """
    about, thing = _PHRASES.get(article.language, (ABOUT, ""))
    speakers = [s.speaker for s in voice.sources(article) if s.kind == "named"]
    body = article.text.split("\n", 1)[-1]
    found = [p for s in reversed(speakers) if (p := _person(s, body))]
    # Who is called by two names keeps the one that comes first.
    people = list({p.split()[-1]: p for p in found}.values())[::-1][:_PEOPLE]
    asked = [about, *(f"What does {p} say?" for p in people)]
    if not thing:
        return asked, ""
    counts = _names(article)
    spoken = " ".join(people) + article.author
    things = [
        n
        for n, count in counts.items()
        if count > 1 and n not in spoken and not _DATE.match(n) and not _OF_A_PLACE.fullmatch(n)
    ]
    things.sort(key=lambda n: (n not in article.title, -counts[n], body.find(n)))
    chosen = list[str]()
    for name in things:
        if not any(set(name.split()) & set(other.split()) for other in chosen):
            chosen.append(name)
    asked += [thing.format(_called(n, body)) for n in chosen[: 4 - len(asked)]]
    beside = "" if _AGE.search(article.text) or not people else f"How old is {people[0]}?"
    return asked[:4], beside


def _called(name: str, body: str) -> str:
    """`name`, with "the" if that mostly stands before it."""
    found = re.findall(rf"(\b[Tt]he )?\b{re.escape(name)}\b", body)
    return f"the {name}" if 2 * sum(map(bool, found)) > len(found) else name


def _person(speaker: str, body: str) -> str:
    """The name of the person that `speaker` is, without an office; "" if it seems to be none."""
    for match in _NAME.finditer(speaker):
        words = match[0].partition(" of ")[0].split()
        if words[0] in _MR and len(words) > 1:
            return " ".join(words)
        office, words = voice.without_office(words)
        name = " ".join(words)
        if 1 < len(words) < 5 and (office or voice.by_last_name(name, body)):
            return name
    return ""


def _names(article: Article) -> Counter[str]:
    """How often each name stands in the article; words that stand side by side are one name, and
    a word with which sentences begin is one if it stands inside a sentence, too.
    """
    body = article.text.split("\n", 1)[-1]
    small = set(re.findall(r"\b[a-zß-ÿ]+\b", body)) | FUNCTION_WORDS
    counts, inside = Counter[str](), set[str]()
    for span in article.sentences:
        quote = article.quote(span)
        if quote[-1].isalnum():
            continue  # A heading.
        for match in _NAME.finditer(quote):
            words = match[0].split()
            opens = bool(_OPENS.search(quote[: match.start()]))
            while opens and words and words[0].casefold() in small:
                del words[0]
                opens = False
            if words and words[0] not in _MR and len(words[-1]) > 2:
                name = " ".join(words)
                counts[name] += 1
                if len(words) > 1 or not opens:
                    inside.add(name)
    return Counter({name: count for name, count in counts.items() if name in inside})
