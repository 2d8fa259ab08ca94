"""The door to captions: what a Shot is called, in English, and its exact labels.

The words lie in ``languages``: one folder for English, one file for each of the other seven, and
``languages.caption`` for all of them.
"""

from __future__ import annotations

from ozora.world.languages.english.sentences import MOST_WORDS, caption
from ozora.world.languages.facts import LENGTHS, Length, shot_fields
from ozora.world.languages.spelling import typo

__all__ = ["LENGTHS", "MOST_WORDS", "Length", "caption", "shot_fields", "typo"]
