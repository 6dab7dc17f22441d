"""What a reader may ask first: questions that an article answers, and one that it does not."""

from __future__ import annotations

import re
from collections import Counter

from assistant import facts, voice
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
_PERSON = re.compile(r"[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'.-]+){1,2}")


def questions(article: Article) -> tuple[list[str], str]:
    """At most four questions that the article answers, and one that it does not ("" if none).

    Made from who is quoted, in English, and what is named most often. In languages that have no
    phrases here there is only the first question of all.
    """
    about, thing = _PHRASES.get(article.language, (ABOUT, ""))
    sources = [s for s in voice.sources(article) if s.kind == "named"]
    people = list(dict.fromkeys(m[0] for s in sources if (m := _PERSON.search(s.speaker))))
    asked = [about, *(f"What does {p} say?" for p in people[:_PEOPLE])]
    if not thing:
        return asked, ""
    spoken = " ".join(s.speaker for s in sources)
    body = article.text.split("\n", 1)[-1]
    counts = Counter(n for n in facts.names(body) if n not in spoken and n not in article.author)
    ranked = sorted(counts, key=lambda n: (-body.count(n), body.index(n)))
    # A word that is also written small, or is a day or month, names nothing to ask about.
    small = set(re.findall(r"\b[a-zß-ÿ]+\b", body))
    things = [
        n for n in ranked if body.count(n) > 1 and n.casefold() not in small and not _DATE.match(n)
    ]
    asked += [thing.format(n) for n in things[: 4 - len(asked)]]
    beside = "" if _AGE.search(article.text) or not people else f"How old is {people[0]}?"
    return asked[:4], beside
