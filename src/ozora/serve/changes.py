"""Wishes that begin with a film: remix, edit, extension. By the id of a video here, or with an upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ozora.serve.house import Caller, House
from ozora.serve.pictures import check_film
from ozora.serve.render.drafts import FILES as DRAFT_FILES
from ozora.serve.render.order import Order, nearest
from ozora.serve.store import jobs
from ozora.serve.store.engine import now
from ozora.serve.store.jobs import Job
from ozora.serve.wire.errors import ApiError, bad, not_found
from ozora.serve.wire.fields import (
    Field,
    Reference,
    choice,
    length,
    number,
    reference,
    text,
    unsupported,
    wrong_type,
    wrong_value,
)
from ozora.serve.wire.sizes import LARGEST, SMALLEST, asked_size
from ozora.serve.wishes import (
    LONGEST_PROMPT,
    NOT_HERE,
    SHARED_FIELDS,
    Wish,
    chosen_model,
    make_jobs,
    model_field,
    seed_of,
)

LONGEST_UPLOAD = 60.0
"""Seconds of a film that is sent: the director looks at no more."""

CURVES = ("morph", "fade", "mix", "cut")
NATIVE, LATENTS = "native.mp4", "native.latents.safetensors"

PROMPT = text("prompt", LONGEST_PROMPT, about="What the new film shows.", required=True)
VIDEO = reference(
    "video", {"id": 128}, about="The film to start from: a video here by its id, or a file.",
    required=True,
)  # fmt: skip
STRENGTH = number("strength", 0.05, 1, about="How far from the film; 1 leaves nothing of it.")

ONLY_NEW: tuple[Field, ...] = tuple(
    unsupported(name, "Only a new film, POST /videos, can have it.", aliases=aliases)
    for name, aliases in (
        ("num_candidates", ("best_of",)), ("last_frame", ()), ("keyframes", ()), ("loop", ()),
        ("storyboard", ()), ("draft", ()),
    )
)  # fmt: skip

FIRST = reference("first", {"id": 128}, about="The film it begins as: by its id.", required=True)
SECOND = reference("second", {"id": 128}, about="The film it ends as: by its id.", required=True)
BLEND_FIELDS: tuple[Field, ...] = (
    PROMPT, FIRST, SECOND, model_field(),
    choice("curve", CURVES, about="How it goes from the first to the second."), *SHARED_FIELDS, *NOT_HERE,
    *ONLY_NEW,
)  # fmt: skip
FINALIZE_FIELDS: tuple[Field, ...] = (
    choice("way", ("resume", "lift"), about="The draft's own remaining steps, or from where it was heading."),
    text("size", 16, about="Width x height of the final; the draft's by default."),
    *(found for found in SHARED_FIELDS if found.name in (
        "num_inference_steps", "priority", "callback_url", "metadata"
    )),
    number("strength", 0.05, 1, about="For lift: how much of the draft is noise again."),
)  # fmt: skip

REMIX_FIELDS: tuple[Field, ...] = (PROMPT, STRENGTH, *SHARED_FIELDS, *NOT_HERE, *ONLY_NEW)
EDIT_FIELDS: tuple[Field, ...] = (
    PROMPT, VIDEO, model_field(), STRENGTH, *SHARED_FIELDS, *NOT_HERE, *ONLY_NEW
)


def extension_fields(longest: int) -> tuple[Field, ...]:
    """Fields of POST /videos/extensions."""
    new = length(longest=longest, required=True)
    return (PROMPT, VIDEO, model_field(), new, *SHARED_FIELDS, *NOT_HERE, *ONLY_NEW)


async def wish_to_remix(
    house: House, caller: Caller, values: dict[str, Any], fingerprint: str, video: str
) -> Wish:
    """New words for a finished film; size, length and model are the source's."""
    source = await house.do(find_source, house, caller, video, None)
    return _change(house, caller, "remix", source, values, fingerprint)


async def wish_to_edit(house: House, caller: Caller, values: dict[str, Any], fingerprint: str) -> Wish:
    """What old and new words say differently changes; the rest of the film stays."""
    given: Reference = values["video"]
    if given.upload is None:
        source = await house.do(find_source, house, caller, given.id, "video.id")
        return _change(house, caller, "edit", source, values, fingerprint)
    order, files = await house.do(_uploaded, house, "edit", values)
    model = chosen_model(values, house, caller)
    return make_jobs(house, caller, order, values, fingerprint, model=model, files=files)


async def wish_to_extend(house: House, caller: Caller, values: dict[str, Any], fingerprint: str) -> Wish:
    """A film and what comes after it, stitched into one."""
    given: Reference = values["video"]
    frames = values["seconds"] * house.card.fps
    if given.upload is None:
        source = await house.do(find_source, house, caller, given.id, "video.id")
        order = replace(_order("extend", source, values), before=_frames(source), frames=frames)
        _check_total(house, order)
        return make_jobs(
            house, caller, order, values, fingerprint,
            model=_model_of(source, values, house, caller), files=_files_of(house, source), source=source.id,
        )  # fmt: skip
    order, files = await house.do(_uploaded, house, "extend", values)
    order = replace(order, before=order.frames, frames=frames)
    _check_total(house, order)
    model = chosen_model(values, house, caller)
    return make_jobs(house, caller, order, values, fingerprint, model=model, files=files)


async def wish_to_blend(house: House, caller: Caller, values: dict[str, Any], fingerprint: str) -> Wish:
    """Two films on one time line, as long as the shorter one, of the first one's size."""
    sources = []
    for name in ("first", "second"):
        given: Reference = values[name]
        if not given.id:
            raise wrong_type(name, given.upload, "an object with the id of a video")
        sources.append(await house.do(find_source, house, caller, given.id, f"{name}.id"))
    first, second = sources
    frames = min(_frames(first), _frames(second))
    if frames < 5:
        raise wrong_value("first", f"{frames} frames", "two films of at least 5 frames")
    order = replace(
        _order("blend", first, values), frames=frames, curve=values.get("curve", "morph"), exact=False,
        sources=(first.id, second.id),
    )  # fmt: skip
    others = {name.replace("source.", "second."): blob for name, blob in _files_of(house, second).items()}
    return make_jobs(
        house, caller, order, values, fingerprint, model=_model_of(first, values, house, caller),
        files={**_files_of(house, first), **others}, source=first.id,
    )  # fmt: skip


async def wish_to_finalize(
    house: House, caller: Caller, values: dict[str, Any], fingerprint: str, video: str
) -> Wish:
    """The final of a draft: the same words, seed and length."""
    source = await house.do(find_source, house, caller, video, None)
    folder = f"videos/{source.id}"
    if not source.order.get("draft") or house.blobs.path(f"{folder}/{DRAFT_FILES[0]}") is None:
        raise bad("invalid_value", f"Video '{source.id}' is no draft, so it cannot be finalized.")
    own = [name for name in ("num_inference_steps", "strength") if name in values]
    way = values.get("way", "lift" if own else "resume")
    if way == "resume" and own:
        raise wrong_value(own[0], values[own[0]], "nothing for resume, which makes the draft's own steps")
    words = {**values, "prompt": source.order["prompt"], "seed": (source.made or {}).get("seed", source.seed)}
    order = replace(_order("finalize", source, words), way=way, steps=values.get("num_inference_steps"))
    if "size" in values:
        width, height = asked_size({"size": values["size"]}, source.model, house.card, house.settings)
        if nearest(house.card.sizes, width, height) != nearest(house.card.sizes, order.width, order.height):
            raise wrong_value("size", values["size"], f"sizes of the draft's shape, {source.size}")
        order = replace(order, width=width, height=height)
    return make_jobs(
        house, caller, order, {**words, "prompt": source.prompt}, fingerprint, model=source.model,
        files={name: f"{folder}/{name}" for name in DRAFT_FILES}, source=source.id,
    )  # fmt: skip


def find_source(house: House, caller: Caller, name: str, param: str | None) -> Job:
    """A finished film of this caller, its files still there; raises ``ApiError``."""
    job = jobs.find(house.store, caller.owner, name)
    if job is None:
        raise not_found("video", name, param)
    if job.status == "failed":
        raise bad("video_failed", f"Video '{job.id}' failed, so nothing can be made of it.", param)
    if job.status != "completed":
        raise bad("video_not_ready", f"Video '{job.id}' is not ready: it is {job.status}.", param)
    folder = f"videos/{job.id}"
    if job.emptied or (job.expires or 0) < now() or house.blobs.look(f"{folder}/video.mp4") is None:
        raise ApiError(404, "video_expired", f"The files of video '{job.id}' have expired.", param=param)
    return job


def _change(
    house: House, caller: Caller, verb: str, source: Job, values: dict[str, Any], fingerprint: str
) -> Wish:
    return make_jobs(
        house, caller, _order(verb, source, values), values, fingerprint,
        model=_model_of(source, values, house, caller), files=_files_of(house, source), source=source.id,
    )  # fmt: skip


def _order(verb: str, source: Job, values: dict[str, Any]) -> Order:
    """An order for a film of the source's size and length."""
    width, height = (int(side) for side in source.size.split("x"))
    return Order(
        verb, values["prompt"], width, height, _frames(source), seed_of(values),
        negative=values.get("negative_prompt", ""), steps=values.get("num_inference_steps"),
        guidance=values.get("guidance_scale"), strength=values.get("strength"),
    )  # fmt: skip


def _frames(source: Job) -> int:
    return int((source.made or {})["num_frames"])


def _model_of(source: Job, values: dict[str, Any], house: House, caller: Caller) -> str:
    return chosen_model({"model": source.model, **values}, house, caller)


def _files_of(house: House, source: Job) -> dict[str, bytes | str]:
    """The source's files under names in the new job's folder: it no longer needs the source then."""
    folder = f"videos/{source.id}"
    if house.blobs.look(f"{folder}/{NATIVE}") is None:
        return {"source.mp4": f"{folder}/video.mp4"}
    return {"source.mp4": f"{folder}/{NATIVE}", "source.latents.safetensors": f"{folder}/{LATENTS}"}


def _uploaded(house: House, verb: str, values: dict[str, Any]) -> tuple[Order, dict[str, bytes | str]]:
    data = values["video"].upload.data
    width, height, _, seconds = check_film(data, "video", LONGEST_UPLOAD)
    width, height = width // 2 * 2, height // 2 * 2
    if min(width, height) < SMALLEST or max(width, height) > LARGEST:
        raise wrong_value("video", f"{width}x{height}", f"films with sides of {SMALLEST} to {LARGEST} pixels")
    frames = int(seconds * house.card.fps + 1e-6)
    if frames < 5:
        raise wrong_value("video", f"{seconds:.2f} seconds", f"at least {5 / house.card.fps:.2f} seconds")
    order = Order(
        verb, values["prompt"], width, height, frames, seed_of(values),
        negative=values.get("negative_prompt", ""), steps=values.get("num_inference_steps"),
        guidance=values.get("guidance_scale"), strength=values.get("strength"), exact=False,
    )  # fmt: skip
    return order, {"source.mp4": data}


def _check_total(house: House, order: Order) -> None:
    total = (order.before + order.frames) / house.card.fps
    if total > house.settings.longest_film:
        most = house.settings.longest_film
        told = f"a film of at most {most} seconds in all, and this would have {total:g}"
        raise wrong_value("seconds", f"{order.frames / house.card.fps:g}", told)
