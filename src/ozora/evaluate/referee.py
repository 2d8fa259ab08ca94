"""The referee: makes the films of a suite, looks at them with the probe, and fills in the scorecard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ozora.errors import refuse
from ozora.evaluate.adherence import Viewing
from ozora.evaluate.distances import Points
from ozora.evaluate.films import Frames, kept
from ozora.evaluate.findings import Findings, find
from ozora.evaluate.looking import film_unseen, look, through_autoencoder
from ozora.evaluate.prompts import FIRST_UNSEEN_SEED, Prompt, read_prompts
from ozora.evaluate.scorecard import Scorecard
from ozora.evaluate.sheet import write_sheet
from ozora.evaluate.sight import see
from ozora.evaluate.trials import Trials
from ozora.model.autoencoder import Autoencoder
from ozora.model.eyes import Eyes
from ozora.model.probe import Probe

Generator = Callable[[str, int], Frames]
"""(prompt, seed) → frames uint8 (T, H, W, 3). The same for the same prompt and seed."""


def evaluate(
    films: Generator,
    probe: Probe,
    *,
    prompts: str | Path = "first",
    out: str | Path | None = None,
    autoencoder: Autoencoder | None = None,
    scale: int = 2,
    seed: int = 0,
    fps: int = 12,
    identity: str = "",
    limit: int | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    eyes: Eyes | None = None,
    trials: Trials | None = None,
    training: Points | None = None,
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
        scale: of the head that decodes it, the generated films' own.
        fps: frames per second of the generated films.
        identity: names the generator (weights hash, settings); kept films of another are made again.
        limit: score only the first so many prompts.
        on_progress: called with (what, done, of) after every film.
        eyes: trained for evaluation; with ``trials``, the record of which metrics these eyes may be asked
            for, the scorecard has the referee's findings as well.
        training: features of training clips (``training_points``), to look for copies of them.

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
    views: tuple[list[Viewing], list[Viewing], list[Viewing]] = ([], [], [])
    for index, (prompt, frames) in enumerate(zip(suite, made, strict=True)):
        footage = _footage(prompt, index, frames, fps, folder)
        recoded = None if autoencoder is None else through_autoencoder(autoencoder, footage, scale)
        seen.append(look(probe, frames, prompt, fps))
        real.append(look(probe, footage, prompt, fps))
        if recoded is not None:
            again.append(look(probe, recoded, prompt, fps))
        if eyes is not None and trials is not None:
            truth = see(eyes, footage, fps)
            views[0].append(Viewing(prompt, see(eyes, frames, fps), seen[-1], truth))
            views[1].append(Viewing(prompt, truth, real[-1], truth))
            if recoded is not None:
                views[2].append(Viewing(prompt, see(eyes, recoded, fps), again[-1], truth))
        tell("footage", index + 1, len(suite))
    findings: Findings | None = None
    if trials is not None and views[0]:
        findings = find(trials, views[0], views[1], views[2] or None, training)
    length, height, width = made[0].shape[:3]
    about: dict[str, object] = {
        "prompts": str(prompts), "seed": seed, "identity": identity, "fps": fps,
        "frames": length, "size": f"{width}x{height}",
    }  # fmt: skip
    passed = tuple(again) if autoencoder is not None else None
    card = Scorecard(suite, tuple(seen), tuple(real), passed, about, findings)
    if folder is not None:
        card.write(folder / "scorecard.json")
        write_sheet(card, made, folder / "films.png")
    return card


def _footage(prompt: Prompt, index: int, like: Frames, fps: int, folder: Path | None) -> Frames:
    """The prompt's shot, filmed by the world at the size and length of a generated film, and kept."""
    length, height, width = like.shape[:3]
    shot = replace(prompt.shot, seed=FIRST_UNSEEN_SEED + prompt.shot.seed % FIRST_UNSEEN_SEED, fps=fps)
    note = {"shot": shot.to_json(), "frames": length, "width": width, "height": height}
    path = folder and folder / "footage" / f"{index:03d}.png"
    return kept(path, note, partial(film_unseen, shot, width, height, length))
