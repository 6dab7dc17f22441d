"""Who says what in an article, and what becomes of it in a sentence of an answer.

What the article lets somebody say is not its own fact: "According to ..." has to survive into the
answer, and so have hedges. The patterns are for English; in other languages nothing is put back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.facts import NUMERALS, names, plain
from assistant.words import FUNCTION_WORDS, stems, terms
from index import Article, directed

_SAYS = (
    "says?|said|tells?|told|argu(?:es?|ed)|claim(?:s|ed)?|believ(?:es?|ed)|writes?|wrote|not(?:es|ed)"
    "|add(?:s|ed)|announc(?:es?|ed)|insist(?:s|ed)?|warn(?:s|ed)?|stress(?:es|ed)?|emphasi[sz](?:es?|ed)"
    "|explain(?:s|ed)?|conclud(?:es?|ed)|suggest(?:s|ed)?|report(?:s|ed)?|alleg(?:es?|ed)|admit(?:s|ted)?"
    "|acknowledg(?:es?|ed)|predict(?:s|ed)?|estimat(?:es?|ed)|maintain(?:s|ed)?|contend(?:s|ed)?"
    "|assert(?:s|ed)?|declar(?:es?|ed)|stated|testif(?:ies|ied)|think(?:s)?|thought|expects?"
    "|accus(?:es?|ed)|quipped|recall(?:s|ed)?|repl(?:ies|ied)|answered|propos(?:es?|ed)|promis(?:es?|ed)"
    "|confirm(?:s|ed)?|doubts?|doubted|fears?|feared|hopes?|hoped|denies|denied|echoe[sd]|put it"
    "|calculat(?:es?|ed)|reckon(?:s|ed)?|suspects|suspected|blam(?:es?|ed)|counters|countered"
    "|guess(?:es|ed)|reveal(?:s|ed)?|caution(?:s|ed)|complain(?:s|ed)?|conced(?:es?|ed)|speculat(?:es?|ed)"
    "|disput(?:es?|ed)|points? out|pointed out|urg(?:es|ed)|assum(?:es?|ed)"
)
_PLAIN = re.compile(r"says?|said|told|argu(?:es?|ed)|insist(?:s|ed)?|warn(?:s|ed)?")
"""Verbs that nobody but a speaker has."""
_PLURAL = re.compile(r"(?:s|people|men|women|police|children|two|three)$")
_OFTEN_PASSIVE = re.compile(
    "believed|thought|accused|alleged|reported|expected|estimated|assumed|suspected|blamed|denied"
)
_PASSIVE = re.compile(
    rf"(?:{_OFTEN_PASSIVE.pattern}) (?:to|of)\b|said to (?:be|have)\b"
    r"|(?:told|argued) (?:through|in|by|so|as)\b|(?:answered|replied) by\b"
)
"""What looks like a verb of saying, and is said of somebody."""

_SHORT = 4
"""Words in the description of somebody without a name."""

_SOURCE = re.compile(
    r"^(?!.*\b(?:how|what|whether)\b).*\b(?:data|figures|statistics|calculations?|accounts?|reports?|"
    r"records?|documents?|testimony|statements?|complaint|estimates?|polls?|surveys?|stud(?:y|ies)|"
    r"stor(?:y|ies)|(?:web)?sites?|both sides|indictment|lawsuit|filings?|papers?|letters?)\b"
)
_DESCRIBED = 8
"""Words in a source that is no person."""

_ADVERB = (
    r"(?:(?:also|later|then|once|recently|reportedly|repeatedly|again|has|have|had|who|since|"
    r"\w+ly) ){0,3}"
)
_DETERMINED = (
    r"(?:(?:[Aa]n?|[Tt]he|[Ss]ome|[Mm]any|[Mm]ultiple|[Ss]everal|[Tt]wo|[Tt]hree|[Oo]ne|"
    r"[Aa]nother|[Ii]ts|[Hh]is|[Tt]heir|[Hh]er) )"
)
_WORD = r"[\w’'.-]+"
_NAME = r"[A-ZÀ-Þ][\w’'.-]+(?: [A-ZÀ-Þ][\w’'.-]+){1,3}"
_APPOSED = re.compile(rf", ({_NAME})(?=[,.;]|$)")
_SUBJECT = re.compile(
    r"(?!The )((?:[A-ZÀ-Þ][\w’'.-]+ ){1,4}[A-ZÀ-Þ][\w’'-]*[a-z][\w’'-]*),?"
    r" (?:is|was|has|had|who|\w+ed)\b"
)
"""Somebody of whom a sentence tells."""
_TITLE = re.compile(
    r"\b(?:M[rs]|Mrs|Miss|Dr|Sir|Lord|Lady|MP|Prof\w*|Sgt|Capt\w*|Col|Gen|Lt|Sen\w*|Rep\w*|Gov\w*|Rev|"
    r"Minister|President|Mayor|Judge|Justice|Coach|Chancellor|Secretary|Officer)\b"
)

_PRONOUN = r"(?:[Hh]e|[Ss]he|[Tt]hey)"
_ACCORDING = re.compile(
    r"\b[Aa]ccording to (?!plan\b)"
    r"(?P<who>(?:[^,.;:]|\.(?=\w)|(?<=\b[A-Z])\.|(?<=\b[DM]r)\.|(?<=\bMrs)\.|(?<=\bMs)\.)+)"
)
_LEADS = re.compile(
    rf"(?:^|[.!?:;,”\"] |^[“\"]|\bwhile )(?P<who>{_PRONOUN}|"
    rf"{_DETERMINED}?(?:{_WORD} ){{0,11}}?{_WORD})"
    rf"(?:, (?P<apposed>[^,]{{3,80}}),)? {_ADVERB}(?P<verb>{_SAYS})\b(?P<after>[^.;]*)",
)
_FOLLOWS = re.compile(
    rf"[,?!][”\"’'] (?:(?P<who>{_PRONOUN}|"
    rf"{_DETERMINED}?(?:{_WORD} ){{0,6}}?{_WORD}) {_ADVERB}(?:{_SAYS})\b"
    rf"|(?:{_SAYS}) (?P<who2>{_DETERMINED}?(?:{_WORD} ?){{1,7}}))"
)
_ENDS = re.compile(
    rf", (?P<who>{_PRONOUN}|{_DETERMINED}?(?:{_WORD} ){{0,6}}?{_WORD}) {_ADVERB}(?:{_SAYS})"
    r"(?: (?:on|in|at|to|after|during|late|early)\b[^,]*)?\.?$"
)
_SAID_BY = re.compile(
    rf", (?:says?|said|argu(?:es?|ed)|warn(?:s|ed)?) "
    rf"(?P<who>{_DETERMINED}?(?:{_WORD} ){{0,11}}?{_WORD})(?:,|\.?$)"
)
_FAR = re.compile(rf"^(?P<who>{_NAME}), [^.;“”\"]{{3,160}}, {_ADVERB}(?:{_SAYS})\b(?P<said>.+)")
"""Somebody of whom more is told before what they say."""

_VIEW = re.compile(
    rf"\b[Ii]n (?:(?P<whose>his|her|their)|(?P<who>{_DETERMINED}?(?:{_WORD} ){{0,6}}?{_WORD})"
    r"[’']s?) (?:view|opinion|eyes|account|words|judge?ment)\b"
)
_AS = re.compile(
    rf"\b[Aa]s (?P<who>[A-ZÀ-Þ]{_WORD}(?: {_WORD}){{0,3}}),? (?:[^,]{{3,100}},? )?(?:put it|"
    rf"(?:{_SAYS})),"
)
_ENUMERATES = re.compile(
    r"^(?:The|A|An|Another|Its|Their) (?:first|second|third|fourth|fifth|sixth|seventh|last|"
    r"final|next|other)\b"
    r"|^(?:First|Second|Third|Fourth|Fifth|Finally|Lastly)\b",
)
_ANNOUNCES = re.compile(
    r"\b(?:first|one|two|three|four|five|six|seven|reasons?|points?|conditions?|demands?|steps?|parts?"
    r"|things?|questions?|problems?|goals?|aims?)\b|:\W*$",
    re.IGNORECASE,
)
"""What comes before a list: else "First," and "Another" only go on with the article's own."""
_WOULD = re.compile(
    r"^(?:It|They|This|That|These|He|She)\b.*\bwould\b|\b(?:would|was to|were to) be\b"
)
"""How a point that somebody listed is told further."""

_EARLIER = re.compile(
    r"\b(?:an?|the) (?:earlier|previous|prior|original|first) version of (?:this|the) \w+",
    re.IGNORECASE,
)
"""Who says what a note of correction takes back."""

_NOT_SPEAKERS = frozenset(
    "which who that this there what where when how why these those article report statement "
    "i we you it nobody everyone on in at by for from with after before during since until earlier "
    "later last yesterday today recently meanwhile whether if because no none neither".split()
)


@dataclass(frozen=True)
class Voice:
    """`speaker`, as the article names it, says the words at `said`, a part of one sentence."""

    speaker: str
    said: str


def voices(article: Article) -> list[Voice | None]:
    """For each sentence of the article who says it, or None if the article itself does."""
    if article.language != "en":
        return [None] * len(article.sentences)
    found: list[Voice | None] = []
    latest, inside, listing, end = "", False, False, 0
    for span in article.sentences:
        quote = article.quote(span)
        if "\n" in article.text[end : span.start]:
            inside = False
        same = "\n\n" not in article.text[end : span.start] and bool(found)
        marked = directed(quote)
        # Who speaks inside a quotation is quoted by who says all of it.
        quoted = marked[0] == "“" and "”" not in marked[:-1]
        before = found[-1] if same else None
        voice = None if quoted and before else _own_voice(quote, latest)
        listed = before and (listing or _ANNOUNCES.search(before.said))
        enumerates = listed and _ENUMERATES.match(quote)
        goes_on = inside or enumerates or marked[0] == "“" or (listing and _WOULD.search(quote))
        listing = bool(before and (enumerates or (listing and goes_on)))
        if voice is None and before and goes_on:
            # "According to the paper, the mayor said:" is followed by what the mayor said.
            inner = _own_voice(before.said, latest) if before.said.endswith(":") else None
            voice = Voice((inner or before).speaker, quote)
        if voice is not None:
            latest = voice.speaker
        elif not same:
            latest = latest if re.search(r"[“\"]", quote) else ""
        somebody = _SUBJECT.match(quote) if voice is None else None
        if somebody and (not latest or _TITLE.search(somebody[1]) or _BODY.match(latest)):
            latest = _speaker(somebody[1], "")  # Who "he said" is, in the next sentence.
        if marks := re.findall("[“”]", marked):
            inside = marks[-1] == "“"
        end = span.end
        found.append(voice)
    return found


@dataclass(frozen=True)
class Source:
    """Somebody whose words the article gives, and the numbers of those sentences."""

    speaker: str
    kind: SourceKind
    sentences: tuple[int, ...]


def sources(article: Article) -> list[Source]:
    """Who says what: those with most sentences first, one who is named in full and in part once;
    who speaks together with others is another.

    The author is a source where the article is an opinion.
    """
    spoken: dict[str, list[int]] = {}
    found = voices(article)
    for i, voice in enumerate(found):
        if voice is None:
            continue
        said, several = set(terms(voice.speaker)), " and " in voice.speaker
        same = next(
            (
                n
                for n in spoken
                if said
                and several == (" and " in n)
                and (said <= set(terms(n)) or set(terms(n)) <= said)
            ),
            "",
        )
        if same and len(voice.speaker) > len(same) and len(voice.speaker.split()) <= 6:
            spoken[voice.speaker] = spoken.pop(same)
            same = voice.speaker
        spoken.setdefault(same or voice.speaker, []).append(i)
    listed = [Source(n, source_kind(n), tuple(s)) for n, s in spoken.items()]
    listed.sort(key=lambda s: (-len(s.sentences), s.sentences))
    own = [i for i, s in enumerate(article.sentences) if not found[i] and is_view(article.quote(s))]
    if own and article.language == "en" and is_opinion(article):
        listed.insert(0, Source(article.author or "The author", "author", tuple(own)))
    return listed


SourceKind = Literal["author", "named", "anonymous", "document"]

_DOCUMENT = re.compile(
    r"\b(?:reports?|statements?|stud(?:y|ies)|documents?|letters?|papers?|surveys?|polls?|data|"
    r"figures|law|ruling|website|magazine|newspaper|article)\b",
    re.IGNORECASE,
)


def source_kind(speaker: str) -> SourceKind:
    """What kind of source `speaker` is, by how the article names it."""
    if _DOCUMENT.search(speaker):
        return "document"
    return "named" if re.search(r"\b[A-ZÀ-Þ]\w+", speaker.removeprefix("The ")) else "anonymous"


def speaker(sentence: str) -> str:
    """Who says it, according to the sentence itself; "" if it names nobody or the article."""
    found = _own_voice(sentence, "")
    if found is None or _ITSELF.fullmatch(found.speaker):
        return ""
    # One of several is not checked as if it were the only one.
    return "" if f" and {found.speaker} " in sentence else found.speaker


_ITSELF = re.compile(r"(?:the )?(?:author|article|writer|text|piece|report)", re.IGNORECASE)


def _own_voice(quote: str, latest: str) -> Voice | None:
    """The voice that the sentence itself names. A pronoun stands for the `latest` speaker."""
    if match := _EARLIER.search(quote):
        return Voice(match[0], quote[match.end() :])
    if match := _ACCORDING.search(quote):
        # "the leader of the team, Davyd Arakhamia": the name is what a reader knows.
        name = _APPOSED.match(quote[match.end() :])
        who = _speaker(name[1] if name else match["who"], latest)
        if not who and len(match["who"].split()) <= _DESCRIBED and _SOURCE.search(match["who"]):
            who = match["who"]  # "data gathered by Forbes" is a source, too.
        before, after = quote[: match.start()].strip(" ,"), quote[match.end() :].lstrip(" ,")
        said = after if len(after.split()) > len(before.split()) or not before else before
        if who:
            return Voice(who, said)
    if match := _FOLLOWS.search(quote):
        who = _speaker(match["who"] or match["who2"], latest)
        rest = quote[match.end() :]
        if named := _APPOSED.match(rest):
            who = _with_name(who, named[1])
        if who:
            return Voice(
                who,
                f"{quote[: match.start() + 2]} {rest if '“' in rest or chr(34) in rest else ''}",
            )
    for pattern in (_ENDS, _SAID_BY):
        if (match := pattern.search(quote)) and (who := _speaker(match["who"], latest)):
            return Voice(who, quote[: match.start()])
    if match := _AS.search(quote):
        who = _speaker(match["who"], latest)
        if who:
            return Voice(who, quote[match.end() :])
    if match := _VIEW.search(quote):
        who = latest if match["whose"] else _speaker(match["who"], latest)
        if who:
            return Voice(who, f"{quote[: match.start()]} {quote[match.end() :]}")
    for match in _LEADS.finditer(quote):
        verb, after = match["verb"], match["after"]
        if _PASSIVE.match(verb + after):
            continue
        plural = verb != "say" or _PLURAL.search(match["who"])
        surely = bool(plural and _PLAIN.fullmatch(verb))
        who = _speaker(match["who"], latest, surely)
        active = who or not _OFTEN_PASSIVE.fullmatch(verb)
        if active and re.fullmatch(_NAME, match["apposed"] or ""):
            who = _with_name(who, match["apposed"])
        if who and after.strip():
            said = quote[match.start("after") :]
            # What somebody had said, but is otherwise.
            past = re.search(r"\bhad(?: \w+ly)? $", quote[: match.start("verb")])
            return Voice(who, said.split(", but ")[0] if past else said)
    if match := _FAR.search(quote):
        return Voice(match["who"], match["said"])
    return None


def _with_name(who: str, name: str) -> str:
    """Somebody who is only described, with a name that stands beside."""
    return who if _has_name(who) else f"{who}, {name.rstrip(' .')}".removeprefix(", ")


_NO_NOUNS = FUNCTION_WORDS - {"author", "state", "states"}

_AFTER = "on|in|at|after|during|to|who|told|published|released|obtained|seen"
"""Words after which nothing more names somebody."""


def _has_name(who: str) -> bool:
    return bool(re.search("[A-ZÀ-Þ]", re.sub(f"^{_DETERMINED}", "", who)))


def _speaker(written: str, latest: str, surely: bool = False) -> str:
    """`written` without what cannot be part of a name, or "" if it names nobody. Whatever a verb
    that nobody else has stands behind `surely` speaks.
    """
    who = written.strip(" ,.“”\"'’")
    lead = r"^(?:(?:and|or|but|while|although|though|whereas|yet|still|so|however|as|whom) )+"
    who = re.sub(lead, "", who, flags=re.IGNORECASE)
    if re.search(
        r"\b(?:was|were|is|are|has|have|had|will|would|can|cannot|not|never|(?<!led )by|that|which)"
        r"\b|n['’]t\b",
        who,
    ):
        return ""  # A whole clause, not somebody.
    whole = who
    who = re.sub(rf"\s+(?:{_AFTER}|{_SAYS})\b.*$", "", who).strip()
    if re.fullmatch(_PRONOUN, who):
        if who.casefold() == "they":
            return latest
        # The council says something, or officials do, but "he" is somebody else.
        several = _SEVERAL.fullmatch(latest) and not _TITLE.match(latest.capitalize())
        somebody = _has_name(latest) or re.search(f"{_PEOPLE}|{_PERSON}", latest)
        return latest if somebody and not several and not _BODY.match(latest) else ""
    words = who.split()
    if not words or len(words) > 13 or words[0].casefold() in _NOT_SPEAKERS:
        return ""
    if words[-1] in _NO_NOUNS or words[-1] == "I":
        return ""
    named = any(w[0].isupper() for w in words[1:]) or (
        words[0][0].isupper() and words[0].casefold() not in FUNCTION_WORDS
    )
    if named and words[-1][0].islower() and not re.match(_DETERMINED, who):
        # "Putin and other Russian officials" is somebody; "Prices in May" hardly is.
        return who if re.search(_PEOPLE, who) else ""
    last = words[-1].casefold()
    noun = last not in _NO_NOUNS and _NOUN.fullmatch(last)
    speaks = surely and noun and who == whole and len(words) <= _SHORT
    return who if named or speaks or re.search(_PEOPLE, who) else ""


_BODIES = (
    "government|ministry|company|firm|report|study|survey|poll|newspaper|agency|committee|council|"
    "court|union|bank|team|group"
)
_PEOPLE = (
    r"\b(?:officials?|sources?|spokes\w+|experts?|analysts?|critics|supporters|opponents|"
    r"polic[ei]\w*|"
    r"witness(?:es)?|residents?|scientists?|researchers?|doctors?|lawyers?|prosecutors?|ministers?|"
    rf"lawmakers|activists?|authorities|{_BODIES}|judge|leaders?|members?|"
    r"president|director|mayor|chancellor|advis[eo]rs?|aides?|diplomats?|economists?|farmers?|"
    r"workers?|teachers?|students?|parents?|traders?|owners?|managers?|engineers?|authors?|"
    r"people)\b"
)


_PERSON = (
    r"\b(?:m[ae]n|wom[ae]n|boy|girl|father|mother|brother|sister|son|daughter|wife|husband|parent|"
    r"relative|friend|neighbou?r|colleague|driver|actor|actress|poet|attorney|ambassador|player|"
    r"nurse|patient|soldier|pilot|captain|coach|m(?:r|s|rs)|dr|\w+-year-old|"
    r"\w{3,}(?:er|or|ist|ian|ant|man|woman))\b"
)
"""Of whom "he" or "she" may be said."""

_SEVERAL = re.compile(r"(?!.* of )(?:[\w’'-]+ ){0,3}[a-z][\w-]*(?<!s)s")
_BODY = re.compile(
    rf"(?!.* of ).*\b(?:{_BODIES}|department|board|party|police|hospital|university|commission|"
    r"authority|statement)$",
    re.IGNORECASE,
)
"""Several, and a body: of neither may it be."""

_NOUN = re.compile(r"[\w-]+(?<!ly)")


def says(quote: str, who: str) -> bool:
    """Whether `who`, or a part of that name, stands shortly before a verb of saying in `quote`."""
    known = names(f"x {who}") or who.split()[-1:]
    return any(
        # "President" is not "President Moe", nor "Karin" anybody who has another name after it.
        re.search(rf"\b{re.escape(n)}\b(?! [A-ZÀ-Þ])(?:\W+\w+){{0,3}}\W+(?:{_SAYS})\b", quote)
        for n in known
    )


def said_by_pronoun(quote: str) -> bool:
    """Whether a pronoun says something in `quote`."""
    return bool(re.search(rf"\b(?:{_PRONOUN}|[Ii]t) {_ADVERB}(?:{_SAYS})\b", quote))


def keeps(sentence: str, voice: Voice) -> bool:
    """Whether `sentence` names the speaker, or whom an unnamed speaker is described as."""
    said = set(stems(sentence))
    if known := names(f"x {voice.speaker}"):
        return any(set(stems(n)) <= said for n in known)
    head = terms(voice.speaker) or stems(voice.speaker)
    return head[-1] in said


def is_named(who: str) -> bool:
    """Whether `who` has a name, and is not just "Analysts", with the capital of a sentence."""
    first = who.split()[0] if who else ""
    rest = who[len(first) :]
    plain = re.fullmatch(_PEOPLE, first.casefold()) and rest == rest.lower()
    return bool(names(f"x {who}")) and not plain


def unattributed(sentence: str) -> str:
    """`sentence` without a speaker, the author, the article or "Analysts", at its beginning."""
    match = (
        re.match(
            rf"According to [^,]+,(?: {_NAME},| {_DETERMINED}[^,]*(?:{_PEOPLE}|{_PERSON})[^,]*,"
            r"(?! (?:and|or|which|who|whose)\b))? ",
            sentence,
        )
        or re.match(
            r"The (?:article|text) (?:says|states|notes|reports|mentions) (?:that )?", sentence
        )
        or re.match(r"The (?:author|writer) (?:also )?\w+s that ", sentence)
        or re.match(
            rf"(?i:(?:the |some )?{_PEOPLE}) (?:{_SAYS}) (?:that )?(?!to\b|about\b)", sentence
        )
    )
    rest = sentence[match.end() :] if match else sentence
    return rest[0].upper() + rest[1:]


def by_author(sentence: str) -> bool:
    """Whether `sentence` says that somebody argues it: the author, the article, or a speaker."""
    return bool(
        re.search(
            rf"\b(?:author|article|writer|columnist|piece|according to|{_SAYS})\b", sentence, re.I
        )
    )


_HE_SAYS = re.compile(
    rf",(?P<mark>[”\"’']?) {_PRONOUN} {_ADVERB}(?:{_SAYS})"
    r"(?: (?:(?:on|in|at|to|after|during|late|early)\b[^,]*|(?:the )?[A-ZÀ-Þ][\w ]{1,30}"
    r"|us|reporters|journalists))?\.?$"
)
_HE_SAYS_ELSEWHERE = re.compile(
    rf"^{_PRONOUN} (?:also )?(?:says|said) (?:that )?|, {_PRONOUN} (?:{_SAYS}),(?= [a-z])"
)


def attributed(sentence: str, speaker: str, lower: bool) -> str:
    """`sentence` with its speaker put in front, in the place of a "he said"; `lower` if its first
    word needs no capital.
    """
    sentence = _HE_SAYS_ELSEWHERE.sub("", _HE_SAYS.sub(r".\g<mark>", sentence))
    if lower or sentence.split()[0].casefold() in FUNCTION_WORDS - {"i"}:
        sentence = sentence[0].lower() + sentence[1:]
    return f"{according_to(speaker)}, {sentence}"


def quoting(sentence: str, speaker: str, quote: str) -> str:
    """`sentence`, of what `speaker` says in `quote`, as a quotation, if they are the same words and
    speak of "me" or "you"; else "".
    """
    words = sentence.strip(' “”"')
    spoken = [a or b for a, b in _QUOTED.findall(directed(quote))]
    own = any(plain(words) in plain(s) for s in spoken) and not re.search('[“”"]', words)
    return f"{according_to(speaker)}: “{words}”" if own and _FIRST.search(words) else ""


_QUOTED = re.compile("“([^“”]*)|^([^“”]*)”")
_FIRST = re.compile(r"\b(?:I|[Ww]e|[Mm]y|[Oo]ur|[Uu]s|[Mm]e|[Yy]ou|[Yy]our)\b")


_COMMON = re.compile(
    rf"{_DETERMINED}|(?:(?:Local|Head|Former|Senior|Chief|Deputy|First|Council|Club|Team|University|"
    rf"State|Federal|Political|Health|Culture|Police|Reports)|(?i:{_PEOPLE}))"
    r"(?:(?<=s) [a-z]| (?!(?:of|for|on)\b)[a-z]|$)"
)
"""What has a capital only where it begins a sentence, unlike "University of Lindvik"."""


def according_to(speaker: str) -> str:
    """What a sentence of an answer begins with that `speaker` says."""
    if _COMMON.match(speaker):
        speaker = speaker[0].lower() + speaker[1:]
    return f"According to {speaker}"


def by_last_name(name: str, body: str) -> bool:
    """Whether `body` calls the bearer of `name` by the last word of it alone, and never "the": so
    one does with persons.
    """
    last = re.escape(name.split()[-1])
    before = r"(?:^|[\n.,;:“\"]\s?|\b(?!(?:the|an?|of)\b)[a-zß-ÿ][\w’'-]*\s)"
    alone = re.search(rf"{before}{last}\b(?! [A-ZÀ-Þ])", body)
    return bool(alone) and not re.search(rf"\b[Tt]he {re.escape(name)}\b", body)


_OFFICE = frozenset(
    """
    President Minister Chancellor Secretary Senator Sen Representative Rep Congressman Congresswoman
    Speaker Whip Leader Justice Judge Governor Gov Mayor Councillor King Queen Prince Princess Pope
    Sir Lord Lady Dame Professor Prof Captain Capt Colonel Col Sergeant Sgt Detective Inspector
    Officer Coach Director Chairman Chairwoman Rev Reverend Bishop Cdr Commander Spokesman
    """.split()
)
_BEFORE_OFFICE = frozenset(
    """
    The Vice Prime Deputy Chief Attorney General House Senate Majority Minority Executive Democratic
    Republican Labour Conservative Liberal Former
    """.split()
)


def without_office(words: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether the words of a name begin with an office that a person holds, and those after it."""
    rest, office = list(words), False
    while rest and rest[0] in _OFFICE | _BEFORE_OFFICE:
        office = rest.pop(0) in _OFFICE
    return office, rest


_CAPITAL = r"[A-ZÀ-Þ][\w’'-]+"
_NAMED = re.compile(rf"(?P<is>(?:[^\s,]+ )*?)(?P<the>[Tt]he )?(?P<name>{_CAPITAL}(?: {_CAPITAL})+)")


def again(speaker: str, body: str) -> str:
    """`speaker` where they have been named before: without what they are, and by the last name if
    `body` does so and nobody else there has it.
    """
    match = _NAMED.fullmatch(speaker)
    if not match or re.search(r"\b(?:and|or|of|for|from|at|in|by|with|to) ", match["is"]):
        return speaker  # The name may be that of somebody beside them.
    if match["the"]:
        return f"the {match['name']}"
    # "The former Chancellor" is no Chancellor any more.
    name = without_office(match["name"].split())[1]
    if len(name) < 2:
        return speaker
    others = set(re.findall(rf"\b({_CAPITAL}) {re.escape(name[-1])}\b", body)) - {name[-2]}
    alone = not others and by_last_name(" ".join(name[-2:]), body)
    return name[-1] if alone else " ".join(name)


_BOUNDS = re.compile(
    r"\b(about|around|nearly|almost|approximately|roughly|at least|at most|more than|less than|"
    r"fewer than|up to|over|under|some|an estimated)\s+(?=[$€£]?\d|\w+(?:-\w+)? (?:hundred|"
    r"thousand|million|percent|per cent)\b"
    rf"|(?:{'|'.join(NUMERALS)}|half)\b)",
    re.IGNORECASE,
)
_ADVERBS = re.compile(
    r"\b(reportedly|allegedly|apparently|supposedly|seemingly|possibly|probably|perhaps|"
    r"purportedly)\s+"
    r"(?P<next>\w+)",
    re.IGNORECASE,
)
_COULD = re.compile(
    r"\b(?P<hedge>(?-i:may)|might|could) (?P<not>not )?(?P<verb>[a-z]+)\b", re.IGNORECASE
)
_HEDGES = re.compile(
    r"\b((?-i:may)|might|could|would|likely|unlikely|probably|possibly|perhaps|reportedly|"
    r"allegedly|apparently|seem(?:s|ed)?|appear(?:s|ed)? to|suggest(?:s|ed)?|believed to|"
    r"expected to|said to|thought to|estimated|potentially|if true|hope[sd]? to|"
    r"plan(?:s|ned)? to|considering)\b",
    re.IGNORECASE,
)


def hedged(sentence: str, quote: str) -> tuple[str, tuple[str, ...]]:
    """`sentence` with the hedges of `quote` put back where that can be done by inserting them,
    and the hedges that are still missing.
    """
    for match in _BOUNDS.finditer(quote):
        number = re.match(r"[$€£]?[\w.,]*\w", quote[match.end() :])
        if number is None:
            continue
        place = re.search(rf"(?<![\w.,]){re.escape(number[0])}(?!\w)", sentence)
        if place and not _bounded(sentence[: place.start()]):
            bound = match[1].lower() if place.start() else match[1].capitalize()
            sentence = f"{sentence[: place.start()]}{bound} {sentence[place.start() :]}"
    for match in _COULD.finditer(quote):
        certain = rf"\bwill ({match['not'] or ''}{re.escape(match['verb'])})\b"
        sentence = re.sub(certain, rf"{match['hedge'].lower()} \1", sentence)
    for match in _ADVERBS.finditer(quote):
        if match[1].casefold() in sentence.casefold():
            continue
        place = re.search(rf"\b{re.escape(match['next'])}\b", sentence)
        if place:
            sentence = f"{sentence[: place.start()]}{match[1].lower()} {sentence[place.start() :]}"
    if _HEDGES.search(sentence):
        return sentence, ()
    verbs = set(stems(sentence))
    missing = [
        m[0].casefold()
        for m in _HEDGES.finditer(quote)
        # Only where the sentence takes over what is hedged: one of the next words.
        if set(terms(quote[m.end() :])[:3]) & verbs
    ]
    return sentence, tuple(dict.fromkeys(missing))


def _bounded(before: str) -> bool:
    return bool(
        re.search(
            r"(?:about|around|nearly|almost|approximately|roughly|least|most|than|up to|over|"
            r"under|some"
            r"|estimated)\s*[$€£]?$",
            before,
            re.IGNORECASE,
        )
    )


_LABELS = re.compile(
    r"\b(opinion|op-ed|editorial|commentary|comment is free|column|viewpoint|perspective)\b", re.I
)
_MINE = re.compile(r"\b(I|my|we must|we should|let us)\b")
_OUGHT = re.compile(
    r"\b(should|must|would(?! (?:later|eventually|become|have|go on)\b)|ought to|needs? to|clearly|"
    r"surely|obviously|unfortunately|worth|of course|isn[’']t it|I|my)\b"
)


_ASKS = re.compile(r"^(?:Q|Question)(?: ?\d+)?[:.]\s", re.MULTILINE)


def is_opinion(article: Article) -> bool:
    """Whether the article argues for its author's view rather than reports."""
    if len(_ASKS.findall(article.text)) > 2:
        return False  # Who says "I" in an interview is who is asked.
    head = [article.title, *article.dropped, *article.text.split("\n")[:4]]
    labelled = any(_LABELS.search(line) for line in head if len(line.split()) <= 6)
    ought = re.search(r"\b(should|must|ought)\b", article.title, re.I)
    reported = re.search(rf"\b({_SAYS})\b", article.title, re.I)
    return (
        labelled or bool(ought and not reported) or len(_MINE.findall(_unquoted(article.text))) >= 3
    )


def _unquoted(text: str) -> str:
    return re.sub("“[^”]*”", " ", directed(text))


def is_view(quote: str) -> bool:
    """Whether the sentence, outside quotation marks, says what ought to be, or would, or how to
    judge it.
    """
    return bool(_OUGHT.search(_unquoted(quote)))
