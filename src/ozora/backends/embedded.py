"""Our own networks, loaded from a folder of weights: the default backend. Needs no GPU and no network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ozora.backends.backend import Card, Look, OnStep
from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL
from ozora.backends.machine import precision, thread_count, tune_machine, using_threads
from ozora.backends.weights import REFINER, STUDENT, Weights, check, find_perception_eyes, find_weights
from ozora.errors import WeightsError
from ozora.media.clip import Frames
from ozora.model.autoencoder import Autoencoder, DecoderStream
from ozora.model.checkpoint import load_weights
from ozora.model.conditions import Condition, apply_all
from ozora.model.eyes import Eyes, load_eyes
from ozora.model.foresight import foresee
from ozora.model.packed import packed, packed_autoencoder
from ozora.model.preview import PreviewDecoder, fit_preview
from ozora.model.refining import refine
from ozora.model.sampler import Moment, OnMoment, denoise_on, edit
from ozora.model.sizes import AutoencoderConfig
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, TextOutput, encode, understood
from ozora.model.transformer import Transformer, TransformerConfig

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Networks:
    """The networks of one set of weights, ready to film."""

    autoencoder: Autoencoder
    transformer: Transformer
    text: TextEncoder
    student: Transformer | None = None
    refiner: Transformer | None = None

    def packed(self, precision: str) -> Networks:
        """The same networks, those that film and paint in ``precision``."""
        if precision == "float32":
            return self
        return Networks(
            packed_autoencoder(self.autoencoder, precision),
            packed(self.transformer, precision),
            self.text,
            None if self.student is None else packed(self.student, precision),
            None if self.refiner is None else packed(self.refiner, precision),
        )

    def filming_with(self, guidance: float) -> Transformer:
        """Who denoises: a student, if there is one, where no guidance is asked for: it learnt that."""
        return self.student if self.student is not None and guidance == 1.0 else self.transformer


class EmbeddedBackend:
    """Films with a folder of weights; checks every file at once, loads the networks at the first take."""

    def __init__(self, weights: str | Path | None = None) -> None:
        self.weights: Weights = check(find_weights(weights))
        self._networks: dict[str, Networks] = {}
        self._preview: PreviewDecoder | None = None
        self._eyes: Eyes | None = None

    @property
    def card(self) -> Card:
        """Name, hash and abilities of the weights."""
        return self.weights.card

    def load(self) -> None:
        """Bring the networks into memory; ``WeightsError`` when they are not what they say they are."""
        if not self._networks:
            tune_machine()
            self._networks["float32"] = load_networks(self.weights)
        if precision() not in self._networks:
            self._networks[precision()] = self._networks["float32"].packed(precision())

    @property
    def networks(self) -> Networks:
        """The networks in the numbers that are computed in at the moment, loaded if they were not."""
        self.load()
        return self._networks[precision()]

    @torch.inference_mode()
    def understand(self, prompt: str) -> TextOutput:
        """Words to vectors; the empty prompt is the "nothing" that guidance departs from."""
        return encode(self.networks.text, [prompt])

    @torch.inference_mode()
    def reading(self, words: TextOutput) -> dict[str, tuple[str, float]]:
        """What the model took from the words: axis to (value, how sure from 0 to 1)."""
        return understood(words, self.networks.text.config)

    @torch.inference_mode()
    def encode(self, frames: Frames) -> Tensor:
        """Frames (1 + 4k, H, W, 3), sides in whole cells, to latents (1, 1 + k, C, h, w)."""
        video = torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)[None]  # (1, T, 3, H, W)
        return self.networks.autoencoder.encode(video.float() / 127.5 - 1)

    @torch.inference_mode()
    def begin(
        self,
        *,
        cells: tuple[int, int],
        latents: int,
        seed: int,
        conditions: Sequence[Condition],
        first: int = 0,
    ) -> Moment:
        """The film before its first step: noise of the seed, and what the conditions pin.

        ``first`` is the latent of a longer film that this window begins at.
        """
        wide, high = cells
        shape = (self.networks.transformer.config.channels, high, wide)
        rate = FRAMES_PER_LATENT / self.card.grid.fps
        state = State.blank(latents, shape, [seed], seconds_per_latent=rate, first=first)
        if first:
            # A window of a longer film is told as a film of its own: the model knows no other beginning.
            state = replace(state, seconds=torch.arange(latents).expand(1, -1) * rate)
        return Moment(0, apply_all(state, conditions))

    @torch.inference_mode()
    def go_on(
        self,
        words: TextOutput,
        negative: TextOutput,
        moment: Moment,
        *,
        steps: int,
        guidance: float,
        until: int | None = None,
        on_moment: OnMoment | None = None,
    ) -> Moment:
        """Denoise from ``moment`` to the end, or ``until`` a step; unguided by a student, if there is one."""
        return denoise_on(
            self.networks.filming_with(guidance), words, negative, moment, steps=steps, guidance=guidance,
            shift=self.card.sampling.shift, until=until, on_moment=on_moment,
        )  # fmt: skip

    @torch.inference_mode()
    def foresee(self, words: TextOutput, moment: Moment, *, steps: int) -> Tensor:
        """Where a film is heading, by a single pass, of the student's if there is one: (1, L, C, h, w)."""
        networks = self.networks
        seer = networks.transformer if networks.student is None else networks.student
        return foresee(seer, words, moment, steps=steps, shift=self.card.sampling.shift)

    @torch.inference_mode()
    def look(self, latents: Tensor) -> Look:
        """A few moments of latents (1, L, C, h, w), each decoded as if it were a picture, by other eyes than
        those that judge films. The eyes are no part of the weights' hash: they choose films, and make none.
        """
        # Only exploring needs eyes: whoever films does not wait for them.
        from ozora.evaluate.sight import glance

        if self._eyes is None:
            self._eyes = load_eyes(find_perception_eyes(), "perception")
        length, width = latents.shape[1], latents.shape[-1] * PIXELS_PER_CELL
        scale = 2 if width < self._eyes.config.width else 1
        moments = [int((number + 0.5) / LOOKS * length) for number in range(LOOKS)]
        films = [self.decode(latents[:, at : at + 1], scale, _silent) for at in dict.fromkeys(moments)]
        frames = np.concatenate(films)
        return Look(frames, glance(self._eyes, frames))

    @torch.inference_mode()
    def preview(self, latents: Tensor) -> Frames:
        """Latents (1, L, C, h, w) to tiny frames (L, 4h, 4w, 3)."""
        if self._preview is None:
            self._preview = fit_preview(self.networks.autoencoder)
        return self._preview(latents)

    @torch.inference_mode()
    def edit(
        self,
        old: TextOutput,
        new: TextOutput,
        negative: TextOutput,
        *,
        source: Tensor,
        seed: int,
        steps: int,
        strength: float,
        guidance: float,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Change a film (1, L, C, h, w) by the difference of two prompts."""
        rate, length = FRAMES_PER_LATENT / self.card.grid.fps, source.shape[1]
        state = State.blank(length, source.shape[2:], [seed], first=first)
        state = replace(state, seconds=torch.arange(length).expand(1, -1) * rate)
        return edit(
            self.networks.transformer, old, new, negative, apply_all(state, conditions), source,
            steps=steps, strength=strength, guidance=guidance, shift=self.card.sampling.shift,
            on_step=lambda done, total, _: on_step(done, total),
        )  # fmt: skip

    @torch.inference_mode()
    def refine(
        self,
        words: TextOutput,
        layout: Tensor,
        *,
        seed: int,
        steps: int,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Make clear what ``layout`` (1, L, C, h, w) shows: (1, L, C, 2h, 2w); for weights with a refiner."""
        refiner = self.networks.refiner
        assert refiner is not None
        rate = FRAMES_PER_LATENT / self.card.grid.fps
        return refine(
            refiner, words, layout, seed=seed, steps=steps, conditions=conditions, first=first,
            seconds=torch.arange(layout.shape[1]).expand(1, -1) * rate,
            on_moment=lambda moment: on_step(moment.step, steps),
        )  # fmt: skip

    @torch.inference_mode()
    def decode(self, latents: Tensor, scale: int, on_step: OnStep) -> Frames:
        """Latents (1, L, C, h, w) to frames (4L - 3, H, W, 3), one latent at a time."""
        parts = []
        for number, frames in enumerate(self.stream(latents, scale), start=1):
            parts.append(frames)
            on_step(number, latents.shape[1])
        return np.concatenate(parts)

    def stream(self, latents: Tensor, scale: int) -> Iterator[Frames]:
        """Frames of each latent in turn: one (1, H, W, 3), then four at a time.

        Where there are two threads or more, one half of them paints a latent while the other reads the next:
        on films this small two threads do more beside each other than together.
        """
        stream = self.networks.autoencoder.stream(scale)
        threads = thread_count()
        if threads == 1:
            for latent in latents.unbind(1):
                yield _paint(stream, _read(stream, latent))
            return
        with using_threads(threads // 2), ThreadPoolExecutor(1, "ozora-painter") as painter:
            waiting: deque[Future[Frames]] = deque()
            for latent in latents.unbind(1):
                waiting.append(painter.submit(_paint, stream, _read(stream, latent)))
                if len(waiting) > READ_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


LOOKS = 4
"""Moments that a look has: two tell nearly as much of who is there, four show how they move."""

READ_AHEAD = 2
"""Latents that are read before the first of them must be painted."""


@torch.inference_mode()
def _read(stream: DecoderStream, latent: Tensor) -> list[Tensor]:
    return stream.read(latent)


@torch.inference_mode()
def _paint(stream: DecoderStream, features: list[Tensor]) -> Frames:
    """Frames (T, H, W, 3) of the features of one film."""
    video = stream.paint(features)[0]  # (T, 3, H, W), ours to change
    levels = video.add_(1).mul_(127.5).round_().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().numpy()


def _silent(done: int, of: int) -> None:
    """Whoever looks at a picture needs no progress."""


def load_networks(weights: Weights) -> Networks:
    """Build the networks of checked weights and fill them."""
    student = _load(weights, STUDENT, _transformer_config, Transformer) if weights.has_student else None
    refiner = _load(weights, REFINER, _transformer_config, Transformer) if weights.has_refiner else None
    return Networks(
        _load(weights, "autoencoder", AutoencoderConfig.from_json, Autoencoder),
        _load(weights, "transformer", _transformer_config, Transformer),
        _load(weights, "text", TextConfig.from_dict, TextEncoder),
        student,
        refiner,
    )


Config = TypeVar("Config")


def _load(
    weights: Weights,
    part: str,
    read_config: Callable[[Mapping[str, Any]], Config],
    build: Callable[[Config], Network],
) -> Network:
    tensors, metadata = load_weights(weights.part(part))
    try:
        network = build(read_config(metadata["config"]))
        network.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise WeightsError(
            f"weights: {part} of {weights.folder} does not fit this Ozora ({reason})."
        ) from error
    return network.eval().requires_grad_(False)


def _transformer_config(values: Mapping[str, Any]) -> TransformerConfig:
    return TransformerConfig(**{**values, "routed": tuple(values["routed"])})
