"""Verbs in forms that people use and captions do not: "ran", "had run", "skidding". For reading only."""

from __future__ import annotations

import re

_PAST = (
    "be:was,were,been beat:beaten come:came creep:crept cut dive:dove,dived do:did,done "
    "drive:drove,driven fall:fell,fallen flee:fled fly:flew,flown freeze:froze,frozen get:got,gotten "
    "go:went,gone hang:hung hit hold:held keep:kept leap:leapt,leaped leave:left lie:lay,lain make:made "
    "ply:plied put ride:rode,ridden rise:rose,risen run:ran set shoot:shot sink:sank,sunk sit:sat "
    "slide:slid slink:slunk speed:sped,speeded spin:spun spread spring:sprang,sprung stand:stood "
    "stride:strode,stridden strike:struck sweep:swept swim:swam,swum swing:swung take:took,taken "
    "tear:tore,torn tread:trod,trodden upset"
)
_IRREGULAR = {
    base: tuple(forms.split(",")) if forms else (base,)
    for base, _, forms in (entry.partition(":") for entry in _PAST.split())
}
_ONE_SHORT_SYLLABLE = re.compile(r"[^aeiou]*(qu)?[aeiou][^aeiouwxy]")


def pasts(base: str) -> tuple[str, ...]:
    """The past and the past participle of a verb, of which only the first word changes.

    >>> pasts("run along"), pasts("skid"), pasts("hurry")
    (('ran along',), ('skidded',), ('hurried',))
    """
    first, space, rest = base.partition(" ")
    return tuple(f"{form}{space}{rest}" for form in _IRREGULAR.get(first) or (_regular(first),))


def doubled(base: str) -> tuple[str, ...]:
    """The participle with its consonant doubled, of a verb of one short syllable: "slipping along"."""
    first, space, rest = base.partition(" ")
    short = _ONE_SHORT_SYLLABLE.fullmatch(first) is not None or first.endswith("vel")
    return (f"{first}{first[-1]}ing{space}{rest}",) if short else ()


def _regular(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    if _ONE_SHORT_SYLLABLE.fullmatch(verb):
        return f"{verb}{verb[-1]}ed"
    return f"{verb}ed"
