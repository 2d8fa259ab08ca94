"""The referee: makes the films of a suite, looks at them with the probe, and fills in the scorecard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

from ozora.errors import refuse
from ozora.evaluate.films import Frames, checked, kept, to_frames, to_video
from ozora.evaluate.prompts import FIRST_UNSEEN_SEED, Prompt, read_prompts
from ozora.evaluate.scorecard import MAIN_AXES, OTHER_AXES, Scorecard, Sight
from ozora.evaluate.sheet import write_sheet
from ozora.model.autoencoder import Autoencoder
from ozora.model.probe import Probe
from ozora.world.film import film
from ozora.world.shot import Shot

Generator = Callable[[str, int], Frames]
"""(prompt, seed) → frames uint8 (T, H, W, 3). The same for the same prompt and seed."""


def evaluate(
    films: Generator,
    probe: Probe,
    *,
    prompts: str | Path = "first",
    out: str | Path | None = None,
    autoencoder: Autoencoder | None = None,
    seed: int = 0,
    fps: int = 12,
    identity: str = "",
    limit: int | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Scorecard:
    """Score a generator on a suite of prompts, beside its floor and its ceiling.

    Args:
        films: the generator under test; prompt i is filmed with seed ``seed + i``.
        probe: the eyes, trained on footage only.
        prompts: name of a suite, path to one, or ``seed:N`` (see ``read_prompts``).
        out: folder for ``scorecard.json``, ``films.png`` (a sheet of all films with their verdicts) and
            every film made, so that a stopped evaluation goes on where it was; else nothing is written.
        autoencoder: if given, the footage is scored once more after a pass through it: what no generator in
            its latent space can exceed.
        fps: frames per second of the generated films.
        identity: names the generator (weights hash, settings); kept films of another are made again.
        limit: score only the first so many prompts.
        on_progress: called with (what, done, of) after every film.

    The ceiling are the same shots filmed by the world, at the size and length of the generated films, with
    seeds that training never draws.
    """
    suite = read_prompts(prompts, dict(probe.config.axes))[:limit]
    if len(suite) < 2:
        raise refuse("prompts", f"{len(suite)} of them", "two or more, for a floor needs another film")
    folder = None if out is None else Path(out)
    tell = on_progress or (lambda what, done, of: None)
    made: list[Frames] = []
    for index, prompt in enumerate(suite):
        note = {"prompt": prompt.text, "seed": seed + index, "identity": identity}
        path = folder and folder / "films" / f"{index:03d}.png"
        made.append(kept(path, note, partial(films, prompt.text, seed + index)))
        tell("films", index + 1, len(suite))
    seen, real, again = [], [], []
    for index, (prompt, frames) in enumerate(zip(suite, made, strict=True)):
        footage = _footage(prompt, index, frames, fps, folder)
        seen.append(look(probe, frames, prompt, fps))
        real.append(look(probe, footage, prompt, fps))
        if autoencoder is not None:
            again.append(look(probe, through_autoencoder(autoencoder, footage), prompt, fps))
        tell("footage", index + 1, len(suite))
    length, height, width = made[0].shape[:3]
    about: dict[str, object] = {
        "prompts": str(prompts), "seed": seed, "identity": identity, "fps": fps,
        "frames": length, "size": f"{width}x{height}",
    }  # fmt: skip
    passed = tuple(again) if autoencoder is not None else None
    card = Scorecard(suite, tuple(seen), tuple(real), passed, about)
    if folder is not None:
        card.write(folder / "scorecard.json")
        write_sheet(card, made, folder / "films.png")
    return card


def look(probe: Probe, frames: Frames, prompt: Prompt, fps: float) -> Sight:
    """What ``probe`` sees in frames uint8 (T, H, W, 3), on the axes that prompts ask."""
    answers = probe.predict(to_video(frames), fps)
    shows: dict[str, str] = {}
    sure: dict[str, float] = {}
    for axis, values in probe.config.axes:
        if axis not in (*MAIN_AXES, *OTHER_AXES):
            continue
        shares = answers[axis][0]
        shows[axis] = values[int(shares.argmax())]
        asked = prompt.asked(axis)
        sure[axis] = float(shares[values.index(asked)]) if asked in values else 0.0
    return Sight(shows, sure)


def film_unseen(shot: Shot, width: int, height: int, frames: int) -> Frames:
    """``frames`` frames of the shot as the world films it: uint8 (T, H, W, 3)."""
    longest = replace(shot, seconds=max(shot.seconds, frames / shot.fps))
    return checked(film(longest, width, height, frames=range(frames)).frames.numpy())


@torch.no_grad()
def through_autoencoder(autoencoder: Autoencoder, frames: Frames) -> Frames:
    """Frames (T, H, W, 3) encoded at half size and decoded by the ×2 head, as a generated film is delivered.

    T is cut to the form 1 + 4k; H and W must be multiples of 32.
    """
    video = to_video(frames[: 1 + 4 * ((len(frames) - 1) // 4)])
    small = F.avg_pool2d(video.flatten(0, 1), 2).unflatten(0, video.shape[:2])  # (1, T, 3, H/2, W/2)
    return to_frames(autoencoder.decode(autoencoder.encode(small), scale=2).clamp(-1, 1))


def _footage(prompt: Prompt, index: int, like: Frames, fps: int, folder: Path | None) -> Frames:
    """The prompt's shot, filmed by the world at the size and length of a generated film, and kept."""
    length, height, width = like.shape[:3]
    shot = replace(prompt.shot, seed=FIRST_UNSEEN_SEED + prompt.shot.seed % FIRST_UNSEEN_SEED, fps=fps)
    note = {"shot": shot.to_json(), "frames": length, "width": width, "height": height}
    path = folder and folder / "footage" / f"{index:03d}.png"
    return kept(path, note, partial(film_unseen, shot, width, height, length))
