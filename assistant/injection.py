"""Sentences of an article that speak to the model instead of the reader.

An article is material, so such a sentence is kept, shown and never obeyed: it is not given to the
model and nothing is answered from it. The patterns are of how such text is phrased, in English;
what they miss meets the prompt's rules and the check of every sentence.
"""

from __future__ import annotations

import re
from collections.abc import Set

from index import Article, Span

_MACHINE = (
    r"(?:an? |the |any |all |every |this |your )?(?:ai|a\.i\.|llm|large language|language|chat|"
    r"artificial intelligence|automated|virtual|digital|question.answering)?[- ]?"
    r"(?:assistants?|models?|chat ?bots?|bots?|llms?|ais?|a\.i\.|summari[sz]ers?|agents?|"
    r"answering (?:system|machine)s?)"
)
_TOLD = r"(?:instructions?|rules|prompts?|directives?|guidelines|guidance|orders|constraints)"
_BEGINS = (
    r"(?:^|[.!?:;,\]\)>“\"—–-] ?|\b(?:please|and|then|now|must|should|you may|you will|always|to) )"
)
_PATTERNS = (
    # Other instructions take the place of the real ones.
    r"\b(?:ignore|disregard|forget|override|overriding|ignoring|bypass|cancel|discard|drop|"
    r"supersedes?|"
    r"replaces?|stop following|do not follow|never mind)\b (?:all|any|your|my|every\w*|these|"
    r"those|the "
    rf"(?:above|previous|prior|earlier|original|system)|previous|prior|earlier|"
    rf"other)\b[^.!?]{{0,60}}\b{_TOLD}\b",
    r"\b(?:ignore|disregard|forget)\b[^.!?]{0,30}\b(?:above|before|previous(?:ly)?|prior|earlier|"
    r"you (?:were|have been|know)|the (?:article|question|user))\b",
    rf"\b(?:new|updated?|real|actual|hidden|secret|following|further|additional|system|"
    rf"special) {_TOLD}\b"
    rf"[^.!?]{{0,30}}(?::|\bfor (?:you|{_MACHINE})|\b(?:is|are) to\b|\bfollow)",
    r"\bsystem (?:prompt|message|override|notice|update|note)\b|\bdeveloper (?:mode|message)\b|"
    r"\bjailbr(?:eak|oken)\b|\bprompt injection\b|\b(?:admin|debug|maintenance|god|root) mode\b",
    # The machine is spoken to.
    r"\byou are (?:now |no longer |a |an |acting as )[^.!?]{0,40}\b(?:assistant|model|ai|bot|"
    r"chatbot|dan|pirate|persona|character|restricted|bound|unrestricted)\b",
    r"\byou are (?:now|no longer)\b",
    rf"\b(?:note|notice|message|attention|memo|warning|instructions?|hint|reminder|dear|hey|hello|"
    rf"request)(?: to| for|,| ?:)? {_MACHINE}\b",
    rf"(?:^|[.!?:] ?){_MACHINE}(?: reading this| processing this)?[,:] ",
    r"\b(?:ai|llm|language model|chatbot|assistant|model|bot)s? "
    r"(?:reading|processing|summari[sz]ing|answering|that reads?|which reads?|must|should|shall|"
    r"are "
    r"(?:required|instructed|asked|told))\b",
    rf"\bif you(?: are|['’]re) {_MACHINE}\b|\bas an? (?:ai|language model|llm)\b",
    r"\b(?:pretend|act as if|imagine|assume|role-?play)\b[^.!?]{0,20}\byou(?: are|['’]re)\b",
    # It is told what to say.
    rf"{_BEGINS}(?:reply|respond|answer|output|print|say|write|type|return|repeat|append|add|"
    rf"include|insert|mention|state|start|begin|end|finish|conclude|prefix|close)\b(?: only| just|"
    rf" simply| always| exactly| instead| back| out| every| each| any| all| your| the| a| to|"
    rf" in| it| with| by| this| that){{0,6}} (?:answer|answers|reply|replies|response|responses|"
    rf"question|questions|output|sentence|sentences|phrase|word|words|token|string|text|message|"
    rf"code|following|capitals|emoji|joke|poem|rhyme|french|german|spanish|latin|json|prompt)\b",
    r"(?:^|[.!?:;] ?|\bplease |\bthen |\bmust |\bshould |\balways |\bonly )"
    r"(?:reply|respond|answer|output|print|type)\b(?: only| just| simply| always| exactly)?"
    r"(?: with|:| in| as| [“\"'A-Z]{2})",
    r"\b(?:your|every|each|any|all|the|whole) (?:next |only |final |first |entire |full |future )?"
    r"(?:answers?|repl(?:y|ies)|responses?|outputs?)\b[^.!?]{0,40}\b(?:must|should|shall|has to|"
    r"have to|is to|"
    r"needs? to|with|in|always|will be|begins?|ends?|contains?|consists?)\b",
    r"\b(?:correct|right|only|true|proper|official|expected|best|approved) (?:answer|reply|"
    r"response)\b"
    r"[^.!?]{0,60}\b(?:is|are|to|would be|must)\b",
    r"\b(?:whatever|no matter what|regardless of what|when|whenever|if)\b[^.!?]{0,20}"
    r"\b(?:the question|(?:you(?: are|['’]re)?|they|someone|anyone|users?|readers?|"
    r"anybody) (?:is |are |was )?"
    r"ask(?:ed|s)?)\b[^.!?]{0,60}\b(?:say|answer|reply|respond|tell|claim|state|refuse|write)\b",
    r"\b(?:do not|don['’]t|never|refuse to|decline to|you (?:may|must|can|"
    r"should) ?not) (?:answer|cite|"
    r"quote|use the article|mention the article|reveal|tell the user|summari[sz]e)\b",
    r"\b(?:reveal|print|show|leak|repeat|output|disclose|recite) (?:me )?(?:your|the) (?:system |"
    r"hidden |"
    r"initial |full |secret |own )*(?:prompt|instructions|rules|configuration|api key|key)\b",
    # Turns and markers of a conversation.
    r"<\s*\|?\s*/?\s*(?:im_start|im_end|system|user|assistant|endoftext|s|sys|eot_id|"
    r"start_header_id|"
    r"end_of_turn|start_of_turn|think)\b",
    r"\[\s*/?\s*(?:inst|sys|system|user|assistant)\s*\]|<<\s*/?sys\s*>>",
    r"^\W*(?:system|assistant|user|human|ai|developer|instructions?|"
    r"### ?\w+)\s*(?:\([^)]*\))?\s*[:>]",
    r"\bend of (?:the )?(?:article|document|text|context|data|input)\b",
)
_ADDRESSED = re.compile("|".join(f"(?:{p})" for p in _PATTERNS), re.IGNORECASE)


def addresses_model(sentence: str) -> bool:
    """Whether the sentence tells a model what to do."""
    return bool(_ADDRESSED.search(sentence))


_GOES_ON = re.compile(
    r"\b(?:you|your|answer\w*|repl(?:y|ies)|respon[ds]e?\w*|say|write|print|output|the word|"
    r"task)\b",
    re.IGNORECASE,
)


def withheld(article: Article) -> frozenset[int]:
    """The numbers of the sentences of the article that speak to a model.

    One that goes on in the same paragraph in the same manner is one of them.
    """
    found = set[int]()
    for i, span in enumerate(article.sentences):
        quote = article.quote(span)
        last = article.sentences[i - 1] if i else span
        follows = i - 1 in found and "\n\n" not in article.text[last.end : span.start]
        if addresses_model(quote) or (follows and _GOES_ON.search(quote)):
            found.add(i)
    return frozenset(found)


def readable(article: Article, without: Set[int], part: Span | None = None) -> str:
    """The article's text, or a part of it, with "[…]" for the sentences `without`."""
    part = part or Span(0, len(article.text))
    pieces, at = list[str](), part.start
    for i in sorted(without):
        span = article.sentences[i]
        if span.overlaps(part):
            pieces += [article.text[at : max(at, span.start)], "[…]"]
            at = max(at, min(span.end, part.end))
    return "".join([*pieces, article.text[at : part.end]])
