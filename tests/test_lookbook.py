"""The lookbook shows every concept of the registry: a new one without a picture fails here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ozora.media.images import read_image
from ozora.world import concepts
from ozora.world.captions import shot_fields
from ozora.world.shot import Shot

DOCS = Path(__file__).parents[1] / "docs"
_SPEC = importlib.util.spec_from_file_location("make_world", DOCS / "make_world.py")
assert _SPEC is not None and _SPEC.loader is not None
make_world = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_world)

AGAIN = "run `python docs/make_world.py`"


def test_the_page_says_what_the_registry_says() -> None:
    assert (DOCS / "world.md").read_text(encoding="utf-8") == make_world.page(), AGAIN
    assert set(concepts.AXES) <= set(make_world.SHOWN)


@pytest.mark.parametrize("axis", make_world.SHOWN)
def test_every_value_has_a_picture_that_shows_it(axis: str) -> None:
    picture = read_image(DOCS / "world" / f"{axis}.webp")
    shots = {value: Shot.from_json(shot) for value, shot in picture.metadata["shots"].items()}
    assert set(shots) == set(concepts.FIELDS[axis]), AGAIN
    for value, shot in shots.items():
        told = shot_fields(shot)[axis]
        assert told == value or (axis == "colour" and shot.subjects[0].colour == value), AGAIN
    assert picture.frames.std() > 10
