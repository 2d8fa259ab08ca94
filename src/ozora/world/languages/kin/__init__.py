"""What else people call the film set's things: other names, kinds of them, turns of phrase. For reading only.

One JSON file for each language: axis → value → wordings, hypernyms and kin of each concept (a ketch is a
sailboat, to saunter is to walk). They were written by hand for Ozora from general knowledge of the languages;
captions never use them. English nouns stand in the singular and verbs in their base form (under "unbent
action" they stay as they are); the other languages give words as they are met. A verb may stand under several
actions: what is meant is told by what its subject can do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

UNBENT = "unbent "
"""Before an axis whose wordings are not inflected."""


def kin(code: str) -> Iterator[tuple[str, str, str]]:
    """(axis, value, wording) of a language, an ISO 639-1 code; nothing for a language without a file."""
    for axis, values in _table(code).items():
        for value, wordings in values.items():
            yield from ((axis, value, wording) for wording in wordings)


@cache
def _table(code: str) -> dict[str, dict[str, list[str]]]:
    path = Path(__file__).parent / f"{code}.json"
    if not path.exists():
        return {}
    found: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found
