"""From checked fields to jobs: everything that could fail later is found out here, before the reply."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ozora.serve.callbacks import check_callback, new_secret
from ozora.serve.casting import in_words
from ozora.serve.given import picture_bytes
from ozora.serve.house import Caller, House
from ozora.serve.render.order import Order, nearest
from ozora.serve.shapes import LONGEST_DATA_URL, SHAPE_FIELDS, shape_of
from ozora.serve.store import shelf
from ozora.serve.store.engine import new_id, now
from ozora.serve.store.jobs import Job
from ozora.serve.wire.errors import ApiError, not_found
from ozora.serve.wire.fields import (
    Field,
    choice,
    labels,
    length,
    number,
    reference,
    rows,
    text,
    unsupported,
    whole,
    wrong_value,
)
from ozora.serve.wire.sizes import asked_frames, asked_size, check_model, told_seconds

LONGEST_PROMPT = 32_000
HIGHEST_SEED = 2**53 - 1

QUALITIES = {
    "draft": "draft", "standard": "standard", "high": "high", "best": "best",
    "auto": "standard", "low": "draft", "medium": "standard", "hd": "high",
}  # fmt: skip
"""What clients call a quality, and what the director does."""

SHARED_FIELDS: tuple[Field, ...] = (
    whole("seed", 0, HIGHEST_SEED, about="Same seed, same film. Drawn and told if not given."),
    text("negative_prompt", LONGEST_PROMPT, least=0, about="Words to steer away from."),
    choice("quality", tuple(QUALITIES), about="Instead of steps and guidance. sora-2-pro: best by default."),
    whole("num_inference_steps", 1, 100, about="Denoising steps.", aliases=("steps",)),
    number("guidance_scale", 1, 20, about="Pull towards the words; 1 is none.", aliases=("guidance",)),
    whole("priority", -100, 100, about="Among your own jobs the highest goes first."),
    text("callback_url", 2048, about="One signed webhook is sent here when the film is done or has failed."),
    labels(),
)

NOT_HERE: tuple[Field, ...] = (
    unsupported("guidance_scale_2", "The model has one guidance scale."),
    unsupported("flow_shift", "The model's shift is set by its weights."),
    unsupported("reference_images", "Pictures are frames: input_reference, last_frame and keyframes.",
                aliases=("image_reference",)),
    unsupported("lora", "No adapters are registered here."),
    unsupported("loras", "No adapters are registered here."),
    unsupported(
        "generate_audio", "The model films without sound.", harmless=(False,), aliases=("generate_sound",)
    ),
    unsupported("enhance_prompt", "Prompts are filmed as they are.", harmless=(False,)),
)  # fmt: skip


def model_field() -> Field:
    """The name of a model; any name is read here, and an unknown one is 404."""
    return text("model", 128, about="sora-2 and its kin are filmed by the model that is here.")


def create_fields(longest: int) -> tuple[Field, ...]:
    """Fields of POST /videos."""
    picture = "The film's first frame: a JPEG, PNG or WebP of exactly the film's size."
    return (
        text("prompt", LONGEST_PROMPT, about="What the film shows.", required=True),
        model_field(),
        length(longest=longest),
        text("size", 16, about="Width x height in pixels, such as 1280x720."),
        reference(
            "input_reference", {"image_url": LONGEST_DATA_URL, "file_id": 64}, about=picture, bare=True
        ),
        rows("characters", {"id": 128}, 2, about="Characters made before; the prompt calls them by name."),
        whole("n", 1, 8, about="So many films, with seeds counting up.", aliases=("num_outputs_per_prompt",)),
        whole("num_frames", 1, 24 * longest, about="Length in frames instead of seconds."),
        whole("fps", 1, 120, about="Only the model's own rate is accepted."),
        whole("width", 32, 2048, about="Instead of size, with height."),
        whole("height", 32, 2048, about="Instead of size, with width."),
        text("aspect_ratio", 8, about="Instead of size, such as 16:9; the shorter side has 720 pixels."),
        *SHAPE_FIELDS,
        *SHARED_FIELDS,
        *NOT_HERE,
    )


@dataclass(frozen=True)
class Wish:
    """Jobs that wait to be admitted, and their files: name in the job's folder to bytes or blob."""

    jobs: tuple[Job, ...]
    files: Mapping[str, bytes | str] = field(default_factory=dict)
    secret: str | None = None


async def wish_to_create(house: House, caller: Caller, values: dict[str, Any], fingerprint: str) -> Wish:
    """Check a create to the end; raises ``ApiError``."""
    model = chosen_model(values, house, caller)
    width, height = asked_size(values, model, house.card, house.settings)
    frames = asked_frames(values, house.card, house.settings)
    files: dict[str, bytes | str] = {}
    if "input_reference" in values:
        given = values["input_reference"]
        files["image"] = await picture_bytes(house, caller, given, (width, height), "input_reference")
    shape = await shape_of(house, caller, values, (width, height), frames)
    prompt = values["prompt"]
    if values.get("characters"):
        names = await house.do(_names, house, caller, [row["id"] for row in values["characters"]])
        prompt = in_words(prompt, names)
    order = Order(
        shape.verb, prompt, width, height, frames, seed_of(values),
        negative=values.get("negative_prompt", ""), steps=values.get("num_inference_steps"),
        guidance=values.get("guidance_scale"), **shape.order,
    )  # fmt: skip
    files |= shape.files
    return make_jobs(house, caller, order, values, fingerprint, model=model, files=files)


def chosen_model(values: Mapping[str, Any], house: House, caller: Caller) -> str:
    """The model's name as it was asked for; raises ``ApiError`` when there is none, or not for this key."""
    model = check_model(values.get("model", "sora-2"), house.card)
    if caller.models is not None and model not in caller.models:
        told = f"This key may not use the model '{model}'. Allowed: {', '.join(caller.models)}."
        raise ApiError(403, "model_not_allowed", told, param="model", kind="permission_error")
    return model


def make_jobs(
    house: House,
    caller: Caller,
    order: Order,
    values: Mapping[str, Any],
    fingerprint: str,
    *,
    model: str,
    files: Mapping[str, bytes | str] | None = None,
    source: str | None = None,
) -> Wish:
    """An order as ``n`` queued jobs that have not been written down yet."""
    count, moment = int(values.get("n", 1)), now()
    callback = None
    if "callback_url" in values:
        check_callback(values["callback_url"], "callback_url", house.settings.trusted)
        callback = {"url": values["callback_url"], "secret": new_secret()}
    order = replace(order, quality=quality_of(values, model))
    frames = order.before + order.frames
    first = Job(
        id="", owner=caller.owner, verb=order.verb, model=model, served_model=house.card.name,
        prompt=values["prompt"], size=f"{order.width}x{order.height}", seconds=told_seconds(
            frames, house.card.fps
        ),
        length=order.frames / house.card.fps, seed=order.seed, order={}, fingerprint=fingerprint,
        created=moment,
        priority=int(
            values.get("priority", 0)
        ), source=source, labels=values.get("metadata"), callback=callback,
        group=new_id("group") if count > 1 else None,
    )  # fmt: skip
    jobs = tuple(
        replace(
            first, id=new_id("video"), created=moment + number, seed=seed,
            order=replace(order, seed=seed).to_json(),
        )
        for number in range(count)
        for seed in (order.seed + number * order.candidates,)
    )  # fmt: skip
    return Wish(jobs, files or {}, callback["secret"] if callback else None)


def quality_of(values: Mapping[str, Any], model: str) -> str | None:
    """The quality that is asked for by its name, or by that of the better model."""
    if "quality" in values:
        return QUALITIES[values["quality"]]
    numbers = any(name in values for name in ("num_inference_steps", "guidance_scale"))
    return "best" if model.startswith("sora-2-pro") and not numbers else None


def seed_of(values: Mapping[str, Any]) -> int:
    """The seed that is asked for, or one drawn now; raises ``ApiError`` without room for n films above."""
    count = max(int(values.get("n", 1)), 2 * int(values.get("num_candidates", 1)) - 1)
    found, last = values.get("seed"), HIGHEST_SEED - count + 1
    if found is not None and found > last:
        raise wrong_value("seed", found, f"0 to {last}, with room for n films")
    return secrets.randbelow(2**32) if found is None else int(found)


def _names(house: House, caller: Caller, ids: list[str]) -> dict[str, str]:
    """Names of characters to the words they stand for."""
    found = {}
    for name in ids:
        row = shelf.find_character(house.store, caller.owner, name)
        if row is None:
            raise not_found("character", name, "characters")
        found[row["name"]] = row["words"]
    return found


def keep_files(house: House, wish: Wish) -> None:
    """Put a wish's files where its jobs will look for them, before the jobs are written down."""
    for job in wish.jobs:
        for name, given in wish.files.items():
            target = f"videos/{job.id}/{name}"
            if isinstance(given, bytes):
                house.blobs.put(target, given)
            elif not house.blobs.copy(given, target):
                told = "The files of the source were deleted a moment ago."
                raise ApiError(404, "video_expired", told)


def drop_files(house: House, jobs: Iterable[Job]) -> None:
    """Take them away again, when the jobs were not admitted."""
    for job in jobs:
        house.blobs.drop(f"videos/{job.id}")


def native_note(house: House, width: int, height: int, frames: int) -> dict[str, Any]:
    """What the model films of an order, and in how many parts."""
    from math import ceil

    wide, high = nearest(house.card.sizes, width, height)
    parts = max(1, ceil((frames - 1) / max(1, house.card.frames - 1)))
    return {"native_size": f"{wide}x{high}", "parts": parts, "fps": house.card.fps, "frames": frames}

