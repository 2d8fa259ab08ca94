"""Whoever installs Ozora gets only what may be used, changed and sold freely: licences of all it pulls in."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|Zlib|PSF|Python Software Foundation|HPND|CMU|0BSD|Unlicense|CC0)\b", re.IGNORECASE
)
"""Permissive licences, however their authors spell them."""

BY_FILE = re.compile(r"MPL|Mozilla", re.IGNORECASE)
"""Asks only that changes to its own files stay open: fine for what we do not change."""

BINDS = re.compile(r"GPL|GNU|SSPL|BUSL|Proprietary|Non-?Commercial|NC-", re.IGNORECASE)

MAKERS = ("nvidia-", "cuda-", "triton")
"""Libraries of the graphics card's maker, which PyTorch brings along for that card only."""


def told(name):
    """What a distribution says of its licence: expression, classifiers, or free text's first line."""
    found = distribution(name).metadata
    classifiers = [line for line in found.get_all("Classifier") or [] if line.startswith("License ::")]
    free = (found.get("License") or "").strip().splitlines()[:1]
    return " / ".join(filter(None, [found.get("License-Expression"), *classifiers, *free]))


def free(words):
    return bool(FREE.search(words) or BY_FILE.search(words)) and not BINDS.search(words)


def pulled_in(lines):
    """Names of all that some requirements need on this machine, themselves too."""
    seen, waiting = set(), [(Requirement(line), frozenset()) for line in lines]
    while waiting:
        need, extras = waiting.pop()
        if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        found = (need.name.lower(), frozenset(need.extras))
        if found not in seen and not found[0].startswith(MAKERS):
            seen.add(found)
            waiting += [(Requirement(line), found[1]) for line in distribution(need.name).requires or ()]
    return {name for name, _ in seen}


@pytest.mark.parametrize("extra", ["core", "serve", "physics"])
def test_all_that_is_pulled_in_is_free(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] if extra == "core" else project["optional-dependencies"][extra]
    names = pulled_in(lines)
    assert names >= {Requirement(line).name.lower() for line in lines}
    assert not {name: told(name) for name in names if not free(told(name))}


def test_a_licence_that_binds_users_would_be_noticed():
    for words in ("GNU General Public License v3", "AGPL-3.0-only", "MIT AND LGPL-3.0", "Proprietary", ""):
        assert not free(words)
