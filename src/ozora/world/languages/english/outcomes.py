"""English for what a collision comes to: " and knocks it over"."""

from __future__ import annotations

from random import Random

from ozora.world.languages.english.grammar import Form, inflect
from ozora.world.shot import Shot

OUTCOMES: dict[str, tuple[str, ...]] = {
    "over": ("knock it over", "tip it over"),
    "back": ("bounce back", "bounce off"),
    "away": ("send it sliding away", "push it away"),
    "away ball": ("send it rolling", "send it rolling away"),
}
"""What a collision comes to; a ball rolls where others slide."""


def told_outcome(shot: Shot, form: Form, rng: Random) -> str:
    """What a collision comes to, in English, after its verb: " and knocks it over"; "" for nothing much."""
    from ozora.world.outcome import outcome  # it reads recordings, which other shots do not need

    found, kind = outcome(shot), shot.subjects[1].kind
    if not found:
        return ""
    words = OUTCOMES.get(f"{found} {kind}") or OUTCOMES[found]
    return f" and {inflect(rng.choice(words), 'participle' if form == 'progressive' else form)}"
