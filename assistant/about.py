"""Questions about the article itself: who wrote it, when, under which title, what it is about."""

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
KINDS = tuple(kind for kind, _ in _KINDS)

_SAYS = {
    "author": "The article names {} as its author.",
    "published": "The article is dated {}.",
    "title": "The article is titled “{}”.",
}


_WHOLE = rf"(?: (?:here|(?:of|in|made in) {_THIS}|(?:of|by|made by) the (?:author|writer)))?"
_OVERALL = re.compile(
    rf"\bwhat (?:is|was|does|did) (?:{_THIS}|the (?:author|writer))(?: \w+){{0,2}}"
    r" (?:about|deal with)$"
    r"|^what (?:does|did) the (?:author|writer) (?:argue|propose|recommend|suggest|conclude|want)"
    r"(?: for)?$|^what (?:is|are) the (?:author|writer)['’]s (?:arguments?|point|thesis|proposals?|"
    r"conclusions?|message)$"
    rf"|\b(?:summari[sz]e|sum up|sum (?:{_THIS}|that|everything|it all) up)\b"
    rf"|\b(?:brief|short|quick|a) summary{_WHOLE}$|\btl;?dr\b"
    rf"|\b(?:in a nutshell|in short|in brief|the gist{_WHOLE})$"
    r"|\bwhat (?:is|are) (?:\S+ ){1,2}(?:main|key|central|principal|overall) "
    rf"(?:ideas?|points?|arguments?|messages?|claims?|thesis|takeaways?|findings?){_WHOLE}$"
    r"|\bworum (?:geht|handelt)\b.*\b(?:artikel|text|bericht|beitrag|es)$"
    r"|\bfass\w* .*\bzusammen$|^zusammenfass|\bde qu[eé] (?:trata|va|habla)\b|^resum(?:e|en|ir)\b"
    r"|\bde quoi (?:parle|traite|s['’]agit)\b|^r[ée]sum(?:e|er|ez|é)\b"
)


def is_overall(question: str) -> bool:
    """Whether a question is about the article as a whole, which every article answers."""
    return bool(_OVERALL.search(_plain(question)))


_NOTE = re.compile(
    r"(?:corrections?|clarification|erratum|korrektur|berichtigung|correcci[oó]n|fe de erratas|"
    r"rectificatif|correction apportée)\b",
    re.IGNORECASE,
)


def corrections(article: Article) -> list[Span]:
    """The sentences of paragraphs in which the article corrects what it says elsewhere."""
    found: list[Span] = []
    end, inside = 0, False
    for span in article.sentences:
        if not found or "\n\n" in article.text[end : span.start]:
            inside = bool(_NOTE.match(article.quote(span)))
        if inside:
            found.append(span)
        end = span.end
    return found


def asks_for(question: str) -> str:
    """ "author", "published" or "title" if that is what the question asks for, else ""."""
    plain = _plain(question)
    return next((kind for kind, pattern in _KINDS if re.fullmatch(pattern, plain)), "")


def is_of_article(question: str) -> bool:
    """Whether a question is one of these, whatever was said before: "it" may be something else."""
    known = asks_for(question) or is_overall(question)
    return bool(known) and not re.search(r"\b(?:it|that|es|lo)\b", question, re.IGNORECASE)


def _plain(question: str) -> str:
    return re.sub(r"^(who|what)['’]s\b", r"\1 is", question.casefold().strip(" ?.!¿¡"))


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
