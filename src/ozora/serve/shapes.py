"""What more a new film can be: a loop, a storyboard, a film between keyframes, the best of some, a draft."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError
from ozora.serve.given import picture_bytes
from ozora.serve.house import Caller, House
from ozora.serve.wire.errors import bad
from ozora.serve.wire.fields import Field, choice, flag, listed, number, reference, text, whole, wrong_value

LONGEST_DATA_URL = 20_971_520
STEP = 4
"""Frames that the model films together: a given picture holds so long, and loops are whole steps."""

_PICTURE = {"image_url": LONGEST_DATA_URL, "file_id": 64}
KEYFRAME: tuple[Field, ...] = (
    number("seconds", 0, 600, about="When it is shown.", required=True),
    reference("image", _PICTURE, about="A picture of the film's size.", bare=True, required=True),
)
CARD: tuple[Field, ...] = (
    number("at", 0, 600, about="The second where the card begins; 0 for the first.", required=True),
    text("prompt", 32_000, about="What it shows, beside what the film's prompt says of all."),
    text("camera", 1000, about="What the camera does."),
    choice("transition", ("continue", "cut"), about="Whether it goes on from the card before."),
    reference("image", _PICTURE, about="A picture of the film's size that it begins with.", bare=True),
)
MOST_CANDIDATES = 16

SHAPE_FIELDS: tuple[Field, ...] = (
    reference("last_frame", _PICTURE, about="The film's last frame, of exactly its size.", bare=True),
    listed("keyframes", KEYFRAME, 8, about="Pictures and when they are shown."),
    flag("loop", about="The end runs into the beginning."),
    listed("storyboard", CARD, 32, about="Cards on the film's time line; prompt is said of all."),
    whole(
        "num_candidates", 1, MOST_CANDIDATES, aliases=("best_of",),
        about="So many cheap drafts are ranked, and the best n finished.",
    ),
    flag("draft", about="A cheap look at the film; POST /videos/{id}/finalize makes it whole."),
)  # fmt: skip

ALONE = {
    "loop": ("storyboard", "input_reference", "last_frame", "keyframes", "draft", "num_candidates"),
    "storyboard": ("input_reference", "last_frame", "keyframes", "draft", "num_candidates"),
}
"""What cannot be asked for beside what."""


@dataclass(frozen=True)
class Shape:
    """The verb of a new film, what its order says beyond words and size, and the pictures it needs."""

    verb: str = "create"
    order: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


async def shape_of(
    house: House, caller: Caller, values: Mapping[str, Any], size: tuple[int, int], frames: int
) -> Shape:
    """Check what a create asks for beyond a plain film; raises ``ApiError``."""
    asked = {name: value for name, value in values.items() if value not in (False, None)}
    for name, others in ALONE.items():
        for other in others if name in asked else ():
            if other in asked:
                raise wrong_value(other, "it", f"no {other} beside {name}")
    if "loop" in asked:
        if frames % STEP or frames < 2 * STEP:
            raise wrong_value("num_frames", frames, f"multiples of {STEP} from {2 * STEP} on for a loop")
        return Shape("loop")
    if "storyboard" in asked:
        return await _storyboard(house, caller, asked, size, frames)
    order: dict[str, Any] = {}
    count = max(1, int(asked.get("n", 1)))
    candidates = int(asked.get("num_candidates", count))
    if candidates < count:
        raise wrong_value("num_candidates", candidates, f"n or more, and n is {count}")
    order["candidates"] = -(-candidates // count)
    order["draft"] = "draft" in asked
    if (order["draft"] or order["candidates"] > 1) and frames > house.card.frames:
        name = "draft" if order["draft"] else "num_candidates"
        told = f"films of at most {house.card.frames} frames, what the model films at once"
        raise wrong_value(name, f"{frames} frames", told)
    stills, files = await _stills(house, caller, asked, size, frames / house.card.fps)
    return Shape("create", {**order, "stills": stills}, files)


async def _stills(
    house: House, caller: Caller, asked: Mapping[str, Any], size: tuple[int, int], seconds: float
) -> tuple[tuple[float | None, ...], dict[str, bytes]]:
    """When pictures are shown (None: at the end), and the pictures."""
    wanted = [(f"keyframes[{n}].image", row["seconds"], row["image"])
              for n, row in enumerate(asked.get("keyframes", ()))]
    hold = STEP / house.card.fps
    low = hold if "input_reference" in asked else 0.0
    high = seconds - (2 * hold if "last_frame" in asked else 1 / house.card.fps)
    for name, moment, _ in wanted:
        if not low - 1e-9 <= moment <= high + 1e-9:
            allowed = f"{low:.2f} to {high:.2f}: in order, {hold:.2f} seconds apart, inside the film"
            raise wrong_value(name.replace("image", "seconds"), moment, allowed)
        low = moment + hold
    if "last_frame" in asked:
        wanted.append(("last_frame", None, asked["last_frame"]))
    files = {
        f"still-{place}": await picture_bytes(house, caller, given, size, name)
        for place, (name, _, given) in enumerate(wanted)
    }
    return tuple(moment for _, moment, _ in wanted), files


async def _storyboard(
    house: House, caller: Caller, asked: Mapping[str, Any], size: tuple[int, int], frames: int
) -> Shape:
    cards: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for place, row in enumerate(asked["storyboard"]):
        card = {"words" if key == "prompt" else key: value for key, value in row.items() if key != "image"}
        if "image" in row:
            card["picture"] = f"card-{place}"
            param = f"storyboard[{place}].image"
            files[card["picture"]] = await picture_bytes(house, caller, row["image"], size, param)
        cards.append(card)
    await house.do(_try_board, asked["prompt"], frames / house.card.fps, cards, files)
    return Shape("storyboard", {"cards": tuple(cards)}, files)


def _try_board(prompt: str, seconds: float, cards: list[dict[str, Any]], files: Mapping[str, bytes]) -> None:
    """Have the director read the board; it knows what makes sense."""
    from ozora.director.storyboard import board

    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        try:
            board({"words": prompt, "seconds": seconds, "cards": cards}, Path(folder))
        except OzoraError as error:
            raise bad("invalid_value", f"Invalid value for 'storyboard': {error}", "storyboard") from error
