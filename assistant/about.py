"""Questions about the article itself: who wrote it, when it was published, what it is called."""

from __future__ import annotations

import re

from index import Article, Span

_THIS = (
    r"(?:(?:this|the) (?:article|piece|text|story|report|op-?ed|essay|column|opinion piece|"
    r"editorial)|this|it)"
)
_KINDS = (
    (
        "author",
        rf"who (?:wrote|authored|is the author of|'s the author of) {_THIS}"
        rf"|who(?: is|'s) the (?:author|writer|columnist)|(?:by whom|who) (?:is|"
        rf"was) {_THIS} written(?: by)?"
        rf"|who is {_THIS} by|what is the (?:author|writer)['’]s name",
    ),
    (
        "published",
        rf"when (?:was|is|did) {_THIS} (?:published|written|appear|posted|come out|dated)"
        rf"|(?:what is the|on what|on which) (?:publication )?date (?:of|"
        rf"was) {_THIS}(?: published| written)?"
        rf"|what is the (?:publication )?date of {_THIS}|how old is {_THIS}",
    ),
    (
        "title",
        rf"what is the (?:title|headline|name)(?: of {_THIS})?|what is {_THIS} (?:called|titled|"
        rf"entitled)"
        rf"|what is {_THIS}['’]s (?:title|headline)",
    ),
)
_SAYS = {
    "author": "The article names {} as its author.",
    "published": "The article is dated {}.",
    "title": "The article is titled “{}”.",
}


def asks_for(question: str) -> str:
    """ "author", "published" or "title" if that is what the question asks for, else ""."""
    plain = re.sub(r"^(who|what)['’]s\b", r"\1 is", question.casefold().strip(" ?.!"))
    return next((kind for kind, pattern in _KINDS if re.fullmatch(pattern, plain)), "")


def told(article: Article, kind: str) -> tuple[str, Span | None]:
    """A sentence that tells it, and where in the text it stands; "" if it is not known.

    A page's metadata may know what its text does not say: then there is no place.
    """
    known = str(getattr(article, kind))
    if not known:
        return "", None
    start = article.text.find(known)
    span = next((s for s in article.sentences if s.start <= start < s.end), None)
    return _SAYS[kind].format(known), span if start >= 0 else None
