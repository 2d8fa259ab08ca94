"""Wishes that begin with a film: remix, edit, extension. By the id of a video here, or with an upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ozora.serve.house import Caller, House
from ozora.serve.pictures import check_film
from ozora.serve.render.order import Order
from ozora.serve.store import jobs
from ozora.serve.store.engine import now
from ozora.serve.store.jobs import Job
from ozora.serve.wire.errors import ApiError, bad, not_found
from ozora.serve.wire.fields import Field, Reference, length, number, reference, text, wrong_value
from ozora.serve.wire.sizes import LARGEST, SMALLEST
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

NATIVE, LATENTS = "native.mp4", "native.latents.safetensors"

PROMPT = text("prompt", LONGEST_PROMPT, about="What the new film shows.", required=True)
VIDEO = reference(
    "video", {"id": 128}, about="The film to start from: a video here by its id, or a file.",
    required=True,
)  # fmt: skip
STRENGTH = number("strength", 0.05, 1, about="How far from the film; 1 leaves nothing of it.")

REMIX_FIELDS: tuple[Field, ...] = (PROMPT, STRENGTH, *SHARED_FIELDS, *NOT_HERE)
EDIT_FIELDS: tuple[Field, ...] = (PROMPT, VIDEO, model_field(), STRENGTH, *SHARED_FIELDS, *NOT_HERE)


def extension_fields(longest: int) -> tuple[Field, ...]:
    """Fields of POST /videos/extensions."""
    return (PROMPT, VIDEO, model_field(), length(longest=longest, required=True), *SHARED_FIELDS, *NOT_HERE)


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
