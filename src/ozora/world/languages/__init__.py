"""Captions in eight languages: a folder for English, one file each for the others and one engine for those.

``caption`` is ``ozora.world.captions.caption`` with two more styles and a language; the labels of a shot,
``facts.shot_fields``, are the same in all of them. A new language is a module like ``spanish`` and a line
in ``LANGUAGES``.
"""

from __future__ import annotations

from typing import Literal

from ozora.errors import refuse
from ozora.world.languages.arabic import ARABIC
from ozora.world.languages.chinese import CHINESE
from ozora.world.languages.english.sentences import telling as english
from ozora.world.languages.english.styles import rich, tags
from ozora.world.languages.french import FRENCH
from ozora.world.languages.german import GERMAN
from ozora.world.languages.hindi import HINDI
from ozora.world.languages.japanese import JAPANESE
from ozora.world.languages.lexicon import Language
from ozora.world.languages.sentences import write
from ozora.world.languages.spanish import SPANISH
from ozora.world.shot import Shot

__all__ = ["CODES", "LANGUAGES", "STYLES", "Language", "Style", "caption", "telling"]

Style = Literal["terse", "medium", "full", "tags", "rich"]
STYLES: tuple[Style, ...] = ("terse", "medium", "full", "tags", "rich")

LANGUAGES: dict[str, Language] = {
    "zh": CHINESE,
    "es": SPANISH,
    "fr": FRENCH,
    "de": GERMAN,
    "ja": JAPANESE,
    "hi": HINDI,
    "ar": ARABIC,
}
"""The languages beside English, by their ISO 639-1 code."""

CODES: tuple[str, ...] = ("en", *LANGUAGES)


def caption(shot: Shot, style: Style, seed: int, language: str = "en") -> str:
    """One caption of the shot: the same for the same (shot, style, seed, language), else seldom the same.

    Terse, medium and full are one or a few short sentences, tags are words between commas, rich is two to
    four sentences that also tell of light and mood. Raises OzoraError for an unknown style or language.
    """
    return telling(shot, style, seed, language)[0]


def telling(shot: Shot, style: Style, seed: int, language: str = "en") -> tuple[str, frozenset[str]]:
    """The caption, and the facts (as ``facts`` names them) that it was written to tell.

    A fact may still find no words: who stands still has no speed. Raises as ``caption`` does.
    """
    if style not in STYLES:
        raise refuse("style", style, ", ".join(STYLES))
    if language not in CODES:
        raise refuse("language", language, ", ".join(CODES))
    if language != "en":
        return write(LANGUAGES[language], shot, style, seed)
    if style == "tags":
        return tags(shot, seed)
    if style == "rich":
        return rich(shot, seed)
    return english(shot, style, seed)
