"""Characters: what a film shows is put into words the model knows, and those stand for the name in a prompt.

The embedded model has no other way to hold on to somebody: it films words. The probe that scores films looks
at the character's film; a prompt with the name in it is filmed with what the probe saw, and the answer says
so.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError
from ozora.serve.wire.errors import bad

SURE = 0.5
"""How sure the probe must be of the subject; of its colour, to be worth a word."""


def look_at(data: bytes, fps: int) -> tuple[str, dict[str, tuple[str, float]]]:
    """Words for the subject of a film, such as "red fox", and all that was seen: axis to (value, how sure).

    Raises ``ApiError`` when no subject the model knows is seen.
    """
    from ozora.evaluate.films import to_video
    from ozora.media.resample import read_at

    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(data)
        try:
            clip, _ = read_at(path, fps, seconds=20, field="video")
        except OzoraError as error:
            raise bad("invalid_value", "Invalid file in 'video': it cannot be decoded.", "video") from error
    probe = _probe()
    answers = probe.predict(to_video(clip.frames), fps)
    seen: dict[str, tuple[str, float]] = {}
    for axis, values in probe.config.axes:
        shares = answers[axis][0]
        best = int(shares.argmax())
        seen[axis] = (values[best], round(float(shares[best]), 3))
    subject, sure = seen["subject"]
    if sure < SURE:
        told = f"No subject the model knows is seen in 'video'; the nearest is '{subject}' ({sure:.0%})."
        raise bad("invalid_value", told, "video")
    colour, known = seen.get("colour", ("", 0.0))
    words = f"{colour} {subject}" if known >= SURE and colour not in ("", "none", "natural") else subject
    return words.replace("_", " "), seen


def in_words(prompt: str, names: dict[str, str]) -> str:
    """The prompt with each name replaced by its words: "Mossy runs" becomes "a red fox runs".

    Raises ``ApiError`` for a name the prompt does not mention.
    """
    for name, words in names.items():
        article = "an" if words[:1] in "aeiou" else "a"
        found = re.compile(rf"(?<!\w)(?:the\s+|an?\s+)?{re.escape(name)}(?!\w)", re.IGNORECASE)
        if not found.search(prompt):
            told = f"The prompt does not mention the character '{name}'."
            raise bad("invalid_value", told, "characters")
        prompt = found.sub(f"{article} {words}", prompt)
    return prompt


@cache
def _probe() -> Any:
    from ozora.backends.weights import find_probe
    from ozora.evaluate.probe import load_probe

    return load_probe(find_probe())
