"""New words inside a film: what shows other words fades from sight, and the film turns to its own.

A window sees clean history, and history outweighs words: a dawn goes on being a dawn, whatever the text says.
So near the place where the words change each step is made twice: once in sight of the history, once with
nothing of it but what the noise of that step leaves over, its large shapes at first and its details at last,
and there the words are guided against the old ones. The first latents follow the one, those a second later
the other, and between them the two are mixed (history guidance, arXiv 2502.06764, faded along time). So the
join stays that of an extension, the subject stays where it was, and light, weather, colour and action become
those of the new words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ozora.backends.backend import Backend
from ozora.director.timeline import Timeline
from ozora.director.windows import Window
from ozora.model.flow import natural_shift
from ozora.model.sampler import Moment, OnMoment, step_levels
from ozora.model.state import State

RISE = 3
"""Latents over which new words arrive: the share of the step without sight is 1/4, 2/4, 3/4, then all."""

PULL = 2.0
"""How far the words are guided against those that the film turns from, where nothing of those is in sight."""

TONED = 0.5
"""How much of what that does to brightness, colour and contrast is taken back."""


@lru_cache(maxsize=256)
def scene_of(words: str) -> str:
    """What words ask for, however they are put: two texts of one scene are no change of words."""
    from ozora.director.understanding.recaption import caption_for

    return " ".join((caption_for(words) or words).casefold().split()).rstrip(".")


@dataclass(frozen=True)
class Scenes:
    """Per latent of a time line: the scene it is filmed as, the one it shows, and how far it has turned."""

    wanted: tuple[str, ...]
    shown: tuple[str | None, ...]
    turned: tuple[float, ...]


@lru_cache(maxsize=8)
def scenes(line: Timeline) -> Scenes:
    """Look where the words of a time line change.

    ``turned`` is 1 where nothing near shows other words, and else rises with the distance from what does: a
    latent before, or a given one after. Nothing is seen across an opening. Of a given film whose words nobody
    knows nothing is said.
    """
    texts = {words: words for words in (*line.words, *line.shown) if words is not None}
    if len(texts) > 1:  # reading them takes a moment, which a film of one text need not wait for
        texts = {words: scene_of(words) for words in texts}
    wanted = tuple(texts[words] for words in line.words)
    shown = tuple(None if words is None else texts[words] for words in line.shown)
    turned, strengths = [1.0] * line.length, line.strength
    for index in (index for index, strength in enumerate(strengths) if strength == 1):
        for near in range(index - 1, max(-1, index - RISE - 1), -1):
            if near + 1 in line.openings:
                break
            if shown[near] not in (None, wanted[index]):
                turned[index] = min(turned[index], (index - near) / (RISE + 1))
        for near in range(index + 1, min(line.length, index + RISE + 1)):
            if near in line.openings:
                break
            if not strengths[near] and shown[near] not in (None, wanted[index]):
                turned[index] = min(turned[index], (near - index) / (RISE + 1))
    return Scenes(wanted, shown, tuple(turned))


def unseen(line: Timeline, window: Window) -> list[bool]:
    """Which latents of a window are given, but not, or not wholly, of the words that it is filmed from."""
    known, words = scenes(line), scenes(line).wanted[window.new[0]]
    return [
        index not in window.new and (known.shown[place] not in (None, words) or known.turned[place] < 1)
        for index, place in _places(line, window)
    ]


def turns_from(line: Timeline, window: Window) -> str | None:
    """The words that a window turns from: those of what it sees where it is filmed from others, or None."""
    first, known = window.new[0], scenes(line)
    hidden = unseen(line, window)
    if line.strength[first] != 1 or not any(hidden):
        return None
    places = [place for (_, place), one in zip(_places(line, window), hidden, strict=True) if one]
    other = [place for place in places if known.shown[place] not in (None, known.wanted[first])]
    return line.shown[other[-1]] if other else line.words[first]


def _places(line: Timeline, window: Window) -> list[tuple[int, int]]:
    """Positions of a window, and the latents there: past the end of a ring comes its second latent."""
    positions = range(window.start, window.stop)
    return [(index, index if index < line.length else index - line.length + 1) for index in positions]


def go_on_turning(
    backend: Backend,
    line: Timeline,
    window: Window,
    words: Any,
    old: Any,
    negative: Any,
    moment: Moment,
    *,
    seed: int,
    steps: int,
    guidance: float,
    on_moment: OnMoment,
) -> Moment:
    """Denoise a window from ``moment`` to the end, each step with and without sight of ``old`` words.

    All that the steps depend on is the moment and the seed: stopped or not, the same bits.
    """
    state = moment.state
    shift = backend.card.sampling.shift
    levels = step_levels(steps, natural_shift(state.latent[0].numel()) if shift is None else shift)
    noise = backend.begin(
        cells=(state.latent.shape[-1], state.latent.shape[-2]), latents=len(window), seed=seed,
        conditions=[], first=window.start,
    ).state.latent  # fmt: skip
    hidden, turned = torch.tensor(unseen(line, window)), scenes(line).turned
    share = [turned[index] if index in window.new else 0.0 for index in range(window.start, window.stop)]

    def stepped(read: Any, state: State) -> Moment:
        start = replace(moment, state=state)
        return backend.go_on(read, negative, start, steps=steps, guidance=guidance, until=moment.step + 1)

    while moment.step < steps:
        level, state = levels[moment.step], moment.state
        hidden = hidden.to(state.latent.device)  # the backend may have moved the film
        veiled = (1 - level) * state.clean + level * noise.to(state.latent)
        blind = replace(
            state,
            latent=torch.where(_frames(hidden), veiled, state.latent),
            given=state.given & ~hidden,
            noise_level=state.noise_level.masked_fill(hidden, 1.0),
        )
        seeing, turning, staying = stepped(words, state), stepped(words, blind), stepped(old, blind)
        assert seeing.guess is not None and turning.guess is not None and staying.guess is not None
        pulled = _pulled(turning.guess, staying.guess)
        part = 1 - levels[moment.step + 1] / level  # of the way to the guess
        latent = turning.state.latent + part * (pulled - turning.guess)
        state = replace(seeing.state, latent=_mixed(seeing.state.latent, latent, share))
        moment = Moment(moment.step + 1, state, _mixed(seeing.guess, pulled, share))
        on_moment(moment)
    return moment


def _pulled(new: Tensor, old: Tensor) -> Tensor:
    """A guess from new words, (1, L, C, h, w), moved away from that of the old ones.

    Mean and deviation of each channel of each latent go back ``TONED`` of the way: shapes may be pulled far,
    but a night that is pulled as far is black (the rescaling of arXiv 2305.08891).
    """
    pulled = new + (PULL - 1) * (new - old)
    (mean, deviation), (wanted, contrast) = _tones(pulled), _tones(new)
    toned = (pulled - mean) * contrast / deviation.clamp(min=1e-6) + wanted
    return pulled + TONED * (toned - pulled)


def _tones(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel of each latent, (1, L, C, 1, 1) each."""
    mean = latents.mean((3, 4), keepdim=True)
    return mean, (latents - mean).square().mean((3, 4), keepdim=True).sqrt()


def _mixed(one: Tensor, other: Tensor, share: Sequence[float]) -> Tensor:
    """Latents (1, L, C, h, w) of ``one`` and, by its share of each, of ``other``."""
    part = _frames(torch.tensor(share, device=one.device))
    return one.where(part == 0, (1 - part) * one + part * other)


def _frames(values: Tensor) -> Tensor:
    """(L,) to (1, L, 1, 1, 1)."""
    return values[None, :, None, None, None]
