"""Make the lookbook, docs/world.md: a picture of every concept of the film set, straight from the registry.

    python docs/make_world.py [AXIS …]

Without axes all of them. A test compares the page with the registry, so that no concept is left without.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from ozora import Clip
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.world import concepts
from ozora.world.film import film
from ozora.world.physics.cast import TOGETHER
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot

HERE = Path(__file__).resolve().parent
MOVING = {"action", "camera", "speed", "direction", "occluder", "cut", "later", "then", "relation"}
"""Axes that only time can show: a strip of moments each."""

SHOWN = tuple(axis for axis in concepts.FIELDS if axis != "second_subject")
"""A second subject is a subject like the first."""

MOMENTS, WIDTH = 4, 168
PLAIN = {
    "weather": "clear", "look": "natural", "occluder": "none", "second_subject": "none", "cut": "none",
    "camera": "static", "framing": "medium", "height": "eye", "direction": "right", "size": "medium",
    "colour": "natural", "time": "noon", "later": "none", "then": "none", "relation": "none", "count": "1",
}  # fmt: skip
"""What everything else is while one axis is shown, as far as it can be."""


def shot_of(axis: str, value: str) -> Shot:
    """The plainest shot that shows one value of one axis."""
    wanted = {name: one for name, one in PLAIN.items() if name in concepts.FIELDS} | {axis: value}
    if axis not in ("subject", "action", "material"):
        wanted["subject"] = "fox"
    if axis == "subject":
        wanted["camera"] = "follow"  # a still camera stands back for the way of whoever moves
    if axis == "material":
        wanted["subject"] = "ball"
    if value == "aurora":
        wanted["time"] = "night"
    if axis == "relation" and value != "none":
        wanted["second_subject"] = "horse"
    if value in TOGETHER:
        del wanted["second_subject"]
    if value == "away" or axis in ("position", "size"):
        wanted["action"] = "stand"
    # What is least like what is shown gives way first: a sailboat cannot stand in for a fox at sea.
    for given_way in ((), ("subject",), ("subject", "colour"), ("subject", "colour", "time", "camera")):
        fixed = {name: one for name, one in wanted.items() if name == axis or name not in given_way}
        try:
            return sample_shot(7, **fixed)
        except ValueError:
            continue
    return sample_shot(7, **{axis: value})


def sheet(axis: str) -> None:
    """Film every value of an axis and write docs/world/AXIS.webp, which knows the shots that it shows."""
    moments = MOMENTS if axis in MOVING else 1
    clips, shots = [], {value: shot_of(axis, value) for value in concepts.FIELDS[axis]}
    for shot in shots.values():
        last = shot.frames - 1
        when = [round(last * (i + 0.5) / moments) for i in range(moments)]
        clips.append(Clip(film(shot, 224, 128, frames=when, supersample=2).frames.numpy(), shot.fps))
    columns = 2 if moments > 1 else 6
    target = HERE / "world" / f"{axis}.webp"
    target.parent.mkdir(exist_ok=True)
    picture = contact_sheet(clips, list(shots), columns=columns, frames=moments, width=WIDTH)
    shown = {value: shot.to_json() for value, shot in shots.items()}
    write_image(replace(picture, metadata={"axis": axis, "shots": shown}), target)


def page() -> str:
    """The text of docs/world.md."""
    lines = [
        "# The film set",
        "",
        "Every word that a Shot may use, as it is filmed, and the English words that mean it.",
        "Made by `python docs/make_world.py` from the registry, `src/ozora/world/concepts.py`.",
    ]
    for axis in SHOWN:
        lines += ["", f"## {axis.capitalize()}", "", f"![{axis}](world/{axis}.webp)", ""]
        for value in concepts.FIELDS[axis]:
            said = ", ".join(concepts.synonyms(axis, value)) if axis in concepts.AXES else ""
            lines.append(f"- **{value}**: {said}" if said else f"- **{value}**")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Film the axes that are asked for, and write the page."""
    for axis in sys.argv[1:] or SHOWN:
        sheet(axis)
    (HERE / "world.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
