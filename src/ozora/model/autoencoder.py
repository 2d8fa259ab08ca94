"""Causal video autoencoder: 1+4k frames to 1+k latents of 16×16-pixel cells, and back at ×1 or ×2 size.

Every layer is a 2-D convolution over single frames; time enters only through blocks that also see the frame
before (the idea of TAEHV, github.com/madebyollin/taehv) and through layers that merge or split pairs of
frames. So the state of a stream is one feature map per block, a picture is a film of one latent, and the
future never changes the past.

A layer that merges pairs counts the first frame twice, and one that splits drops the first of the first pair:
so latent 0 holds frame 0 alone, latent k holds frames 4k−3 to 4k, and no frame is computed in vain.

Beside the networks may run a cosine transform (``cosine_path``): training then begins with a fair picture and
the networks learn what is missing; the ×2 head adds detail to the enlarged ×1 picture.

Inside, frames are flattened time-major, (T·B, C, H, W): the frame before is the row B places earlier. The
convolutions work in the numbers of their own weights; latents, the linear path and pixels keep theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.cosines import CosineCode
from ozora.model.sizes import SPATIAL_FACTOR, TEMPORAL_FACTOR, AutoencoderConfig

Memory = list[Tensor]
"""The last frame of features that each memory block has seen, (B, C, h, w) each; empty at the beginning."""

LATENT_LIMIT = 3.0
COSINE_LATENT_LIMIT = 5.0
LOG_VARIANCE_RANGE = (-12.0, 2.0)


@dataclass(frozen=True)
class LatentDistribution:
    """What the encoder says before normalisation: a normal distribution per value, both (B, L, C, h, w)."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw latents; gradients flow to both mean and log-variance."""
        mean = self.mean
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return mean + noise * (0.5 * self.log_variance).exp()


class MemoryBlock(nn.Module):
    """Residual block: 1×1 on this frame and the one before → ReLU → 3×3 → ReLU → 3×3, added to this frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # a deep stack starts as the identity, so that it trains at once
        nn.init.zeros_(_bias(self.second))

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        """Map frames (T·B, C, h, w), given the features of the frame before them (B, C, h, w)."""
        previous = before  # a cat with nothing would not keep channels last
        if len(x) > len(before):
            previous = torch.cat([before, x[: len(x) - len(before)]])  # (T·B, C, h, w)
        y = F.relu(self.mix(torch.cat([x, previous], 1)))
        return x + self.second(F.relu(self.first(y)))


class FrameBlock(nn.Module):
    """The same block without memory, for the ×2 stage: any subset of frames can be sharpened on its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(_bias(self.second))

    def forward(self, x: Tensor) -> Tensor:
        """Map frames (N, C, h, w)."""
        return x + self.second(F.relu(self.first(x)))


class Stage(nn.Module):
    """Memory blocks at one resolution; reads and replaces its part of the stream's memory."""

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(MemoryBlock(channels) for _ in range(blocks))

    def forward(self, x: Tensor, batch: int, old: Memory, new: Memory) -> Tensor:
        """Map frames (T·batch, C, h, w); takes memories from the front of ``old``, appends to ``new``."""
        for block in self.blocks:
            before = old[len(new)] if old else torch.zeros_like(x[:batch])
            new.append(x[-batch:])
            x = block(x, before)
        return x


class Halve(nn.Module):
    """Halve width, height and time: 2×2×2 neighbours into channels, then a 1×1 convolution.

    The weights start as the (variance-keeping) mean over groups of channels: the average-down shortcut of
    DC-AE (arXiv 2410.10733), which costs nothing at run time because it lies inside the convolution.
    """

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(8 * channels, out_channels, 1)
        group = 8 * channels // out_channels
        shortcut = torch.eye(out_channels).repeat_interleave(group, 1) / group**0.5
        with torch.no_grad():
            self.convolution.weight.mul_(0.3).add_(shortcut[:, :, None, None])

    def forward(self, x: Tensor, batch: int, first: bool) -> Tensor:
        """Map frames (T·batch, C, h, w) to (⌈T/2⌉·batch, out, h/2, w/2); T is odd where a film begins."""
        x = F.pixel_unshuffle(x, 2)
        if first:
            x = torch.cat([x[:batch], x])
        x = x.unflatten(0, (-1, 2, batch))  # (T/2, 2, B, 4C, h/2, w/2)
        x = torch.cat([x[:, 0], x[:, 1]], 2).flatten(0, 1)
        result: Tensor = self.convolution(_fast(x))
        return result


class Double(nn.Module):
    """Double width and height, and time if asked: a 1×1 convolution, then channels into neighbours.

    The weights start as the duplication of channels: the shortcut of DC-AE, folded into the convolution.
    """

    def __init__(self, channels: int, out_channels: int, in_time: bool) -> None:
        super().__init__()
        self.times = 2 if in_time else 1
        rows = 4 * self.times * out_channels
        self.convolution = nn.Conv2d(channels, rows, 1)
        source = torch.arange(out_channels) * channels // out_channels  # the channel each output repeats
        shortcut = torch.eye(channels)[source].repeat_interleave(4, 0).repeat(self.times, 1)
        with torch.no_grad():
            self.convolution.weight.mul_(0.3).add_(shortcut[:, :, None, None])

    def forward(self, x: Tensor, batch: int, first: bool) -> Tensor:
        """Map frames (T·batch, C, h, w) to (T·times·batch, out, 2h, 2w), one less where a film begins."""
        x = self.convolution(x)
        if self.times == 1:
            return F.pixel_shuffle(x, 2)
        early, late = (F.pixel_shuffle(part, 2) for part in x.chunk(2, 1))
        pairs = zip(early.split(batch), late.split(batch), strict=True)
        frames = [frame for pair in pairs for frame in pair]
        return torch.cat(frames[1:] if first else frames)


class Encoder(nn.Module):
    """Frames, one and then four at a time, to the mean and log-variance of latents."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.patch = config.patch
        fine, middle, coarse = config.encoder_channels
        self.enter = nn.Conv2d(3 * config.patch**2, fine, 3, padding=1)
        self.stages = nn.ModuleList(
            Stage(c, n) for c, n in zip(config.encoder_channels, config.encoder_blocks, strict=True)
        )
        self.steps = nn.ModuleList([Halve(fine, middle), Halve(middle, coarse)])
        self.leave = nn.Conv2d(coarse, 2 * config.latent_channels, 3, padding=1)
        self.cosines: CosineCode | None = None
        self.limit = LATENT_LIMIT
        if config.cosine_path:
            self.cosines = CosineCode(config.latent_channels, config.patch)
            self.limit = COSINE_LATENT_LIMIT  # even black and white stay where the clamp is nearly straight
        with torch.no_grad():
            if config.cosine_path:
                self.leave.weight.mul_(0.1)  # begin near the linear code
            _bias(self.leave)[config.latent_channels :] = -4.0  # begin almost without noise

    def forward(self, frames: Tensor, memory: Memory) -> tuple[LatentDistribution, Memory]:
        """Encode frames (B, 4k, 3, H, W), one more where a film begins (no memory yet).

        Returns distributions (B, k, C, h, w), one more where a film begins, and the new memory.
        """
        batch, first = frames.shape[0], not memory
        new: Memory = []
        x = F.pixel_unshuffle(frames.transpose(0, 1).flatten(0, 1), self.patch)
        x = self.stages[0](self.enter(_fast(x).to(self.enter.weight.dtype)), batch, memory, new)
        for step, stage in zip(self.steps, self.stages[1:], strict=False):
            x = stage(step(x, batch, first), batch, memory, new)
        x = self.leave(x).to(frames.dtype).unflatten(0, (-1, batch)).transpose(0, 1)  # (B, k, 2C, h, w)
        mean, log_variance = x.chunk(2, 2)
        if self.cosines is not None:
            mean = mean + self.cosines.encode(frames, first)
        mean = torch.tanh(mean / self.limit) * self.limit  # soft clamp: no value can drift away
        return LatentDistribution(mean, log_variance.clamp(*LOG_VARIANCE_RANGE)), new


class Decoder(nn.Module):
    """Latents to features, and features to pixels by two heads: ×1 after three stages, ×2 after a fourth."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.patch = config.patch
        coarse, middle, fine, finest = config.decoder_channels
        self.enter = nn.Conv2d(config.latent_channels, coarse, 3, padding=1)
        self.noise_gain = nn.Parameter(torch.zeros(coarse))  # tells the decoder how noisy its latents are
        self.stages = nn.ModuleList(
            Stage(c, n) for c, n in zip(config.decoder_channels[:3], config.decoder_blocks[:3], strict=True)
        )
        self.steps = nn.ModuleList([Double(coarse, middle, in_time=True), Double(middle, fine, in_time=True)])
        self.cosines: CosineCode | None = None
        if config.cosine_path:
            self.cosines = CosineCode(config.latent_channels, config.patch)
            self.see = nn.Conv2d(
                3 * config.patch**2, fine, 1
            )  # the linear picture, for the last stage to mend
        self.head = nn.Conv2d(fine, 3 * config.patch**2, 3, padding=1)
        self.enlarge = Double(fine, finest, in_time=False)
        self.sharpen = nn.Sequential(*(FrameBlock(finest) for _ in range(config.decoder_blocks[3])))
        self.large_head = nn.Conv2d(finest, 3 * config.patch**2, 3, padding=1)
        if config.cosine_path:
            for layer in (self.head, self.large_head):  # begin near the linear picture
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(_bias(layer))

    def forward(
        self, latents: Tensor, memory: Memory, noise_level: Tensor | None = None
    ) -> tuple[Tensor, Memory]:
        """Decode latents (B, L, C, h, w), noisy by ``noise_level`` (B,), to features (B, 4L, c, 4h, 4w).

        Where a film begins (no memory yet) the first latent gives one frame: 4L − 3 in all. The last of the
        features are the linear path's pixels. Also returns the new memory.
        """
        (batch, length), first = latents.shape[:2], not memory
        new: Memory = []
        latents = _fast(latents.transpose(0, 1).flatten(0, 1))
        x = self.enter(latents.to(self.enter.weight.dtype))
        if noise_level is not None:
            x = x + (noise_level[:, None] * self.noise_gain).repeat(length, 1)[:, :, None, None]
        x = self.stages[0](x, batch, memory, new)
        x = self.stages[1](self.steps[0](x, batch, first), batch, memory, new)
        x = self.steps[1](x, batch, first)
        if self.cosines is None:
            x = self.stages[2](x, batch, memory, new)
        else:
            plain = self.cosines.decode(latents, batch, first)  # (T·B, 3·patch², 4h, 4w)
            x = self.stages[2](x + self.see(plain.to(x.dtype)), batch, memory, new)
            x = torch.cat([x.to(plain.dtype), plain], 1)
        return x.unflatten(0, (-1, batch)).transpose(0, 1), new

    def pixels(self, features: Tensor, scale: int) -> Tensor:
        """Map features (N, c, 4h, 4w), each frame on its own, to pixels (N, 3, 16h·scale, 16w·scale)."""
        numbers = self.head.weight.dtype
        if self.cosines is None:
            x = _fast(features).to(numbers)
            head = self.head(x) if scale == 1 else self.large_head(self.sharpen(self.enlarge(x, 1, False)))
            return F.pixel_shuffle(head.float(), self.patch)
        x, plain = features.split([features.shape[1] - 3 * self.patch**2, 3 * self.patch**2], 1)
        x = _fast(x).to(numbers)
        small = F.pixel_shuffle(plain + self.head(x), self.patch)
        if scale == 1:
            return small
        large = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.sharpen(self.enlarge(x, 1, False))
        return large + F.pixel_shuffle(self.large_head(x), self.patch)


class Autoencoder(nn.Module):
    """Encoder, decoder and the statistics that make latents about zero mean and unit variance per channel.

    ``encode`` and ``decode`` always run latent by latent and sample by sample, so that a film has the same
    bits alone or in a batch, streamed or not, and a picture is a film of one latent. ``distribution`` and
    ``features`` run all at once, for training; they agree to rounding, since kernels round by shape.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.mask_token = nn.Parameter(torch.zeros(config.latent_channels))  # a hidden cell, in training
        self.register_buffer("mean", torch.zeros(config.latent_channels))
        self.register_buffer("std", torch.ones(config.latent_channels))
        for parameter in self.parameters():
            if parameter.ndim == 4:
                parameter.data = _fast(parameter.data)

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Set mean and standard deviation (C,) of the un-normalised latents, measured over footage."""
        if not (torch.isfinite(mean).all() and torch.isfinite(std).all() and (std > 0).all()):
            raise refuse("latent statistics", "zero or non-finite", "finite means and deviations above 0")
        self.mean.copy_(mean)
        self.std.copy_(std)

    def normalise(self, latents: Tensor) -> Tensor:
        """From the encoder's values to what the transformer sees, (B, L, C, h, w)."""
        return (latents - self.mean[:, None, None]) / self.std[:, None, None]

    def denormalise(self, latents: Tensor) -> Tensor:
        """From what the transformer sees to what the decoder reads, (B, L, C, h, w)."""
        return latents * self.std[:, None, None] + self.mean[:, None, None]

    def distribution(self, video: Tensor) -> LatentDistribution:
        """Encode (B, T, 3, H, W) in one pass, for training; not normalised."""
        _check_video(video)
        distribution: LatentDistribution = self.encoder(video, [])[0]
        return distribution

    def features(self, latents: Tensor, noise_level: Tensor | None = None) -> Tensor:
        """Decode un-normalised latents (B, L, C, h, w) in one pass, for training.

        Returns features (B, T, c, 4h, 4w), of which ``pixels`` makes frames.
        """
        features: Tensor = self.decoder(latents, [], noise_level)[0]
        return features

    def pixels(self, features: Tensor, scale: int = 1) -> Tensor:
        """Turn features (B, T, c, 4h, 4w), or some of their frames, to (B, T, 3, 16h·scale, 16w·scale)."""
        return self.decoder.pixels(features.flatten(0, 1), scale).unflatten(0, features.shape[:2])

    @torch.no_grad()
    def encode(self, video: Tensor) -> Tensor:
        """Return the normalised latents (B, L, C, h, w) of ``video`` (B, T, 3, H, W) in [−1, 1].

        T = 1 + 4k frames give L = 1 + k latents; H = 16h, W = 16w. Raises OzoraError for other shapes.
        """
        _check_video(video)
        streams = [self.encoder_stream() for _ in video]
        films = []
        for stream, film in zip(streams, video.split(1), strict=True):
            chunks = [film[:, :1], *film[:, 1:].split(TEMPORAL_FACTOR, 1)] if film.shape[1] > 1 else [film]
            films.append(torch.stack([stream.push(chunk) for chunk in chunks], 1))
        return torch.cat(films)

    @torch.no_grad()
    def decode(self, latents: Tensor, scale: int = 1) -> Tensor:
        """Turn normalised latents (B, L, C, h, w) into a film (B, 4L−3, 3, 16h·scale, 16w·scale), −1 to 1.

        ``scale`` is 1 or 2: two heads read the same latents. Raises OzoraError for other shapes or scales.
        """
        if latents.ndim != 5 or not latents.numel():
            came = tuple(latents.shape)
            raise refuse("latents", came, "(batch, length, channels, h, w)")
        stream = self.stream(scale)
        return torch.cat([stream.push(latent) for latent in latents.unbind(1)], 1)

    def stream(self, scale: int = 1) -> DecoderStream:
        """Open a decoder that takes one latent at a time."""
        return DecoderStream(self, scale)

    def encoder_stream(self) -> EncoderStream:
        """Open an encoder that takes one frame, then four at a time."""
        return EncoderStream(self)


class DecoderStream:
    """Decodes a film latent by latent in constant memory: one feature map per memory block and sample."""

    def __init__(self, autoencoder: Autoencoder, scale: int = 1) -> None:
        if scale not in (1, 2):
            raise refuse("scale", scale, "1 or 2")
        self.autoencoder, self.scale = autoencoder, scale
        self._memories: list[Memory] = []

    def push(self, latent: Tensor) -> Tensor:
        """Take the next latent (B, C, h, w); return its frames (B, 1 at first, then 4, 3, H, W)."""
        return self.paint(self.read(latent))

    @torch.no_grad()
    def read(self, latent: Tensor) -> list[Tensor]:
        """Take the next latent (B, C, h, w); return its features, of which :meth:`paint` makes frames."""
        model = self.autoencoder
        channels = model.config.latent_channels
        if latent.ndim != 4 or latent.shape[1] != channels:
            raise refuse("latent", tuple(latent.shape), f"(batch, {channels}, height, width)")
        memories = self._memories or [[] for _ in latent]
        if len(memories) != len(latent):
            raise refuse("latent", f"{len(latent)} samples", f"{len(memories)}, as the stream began")
        features = []
        for i, one in enumerate(latent.split(1)):  # one by one: kernels may round differently in a batch
            found, memories[i] = model.decoder(model.denormalise(one[:, None]), memories[i])
            features.append(found)
        self._memories = memories
        return features

    @torch.no_grad()
    def paint(self, features: list[Tensor]) -> Tensor:
        """Turn the features of each sample to frames (B, T, 3, H, W), whatever was read meanwhile."""
        films = [self.autoencoder.pixels(each, self.scale) for each in features]
        return torch.cat(films).clamp_(-1, 1) if len(films) > 1 else films[0].clamp_(-1, 1)


class EncoderStream:
    """Encodes a film as it comes: one frame, then four at a time."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        self.autoencoder = autoencoder
        self._memories: list[Memory] = []

    @torch.no_grad()
    def push(self, frames: Tensor) -> Tensor:
        """Take frames (B, 1 at first, then 4, 3, H, W) in [−1, 1]; return their latent (B, C, h, w)."""
        first = not self._memories
        if frames.shape[1] != (1 if first else TEMPORAL_FACTOR):
            raise refuse("frames", frames.shape[1], f"1 at the start of a stream, then {TEMPORAL_FACTOR}")
        memories: list[Memory] = [[] for _ in frames] if first else self._memories
        latents = []
        for i, one in enumerate(frames.split(1)):
            distribution, memories[i] = self.autoencoder.encoder(one, memories[i])
            latents.append(self.autoencoder.normalise(distribution.mean)[:, 0])
        self._memories = memories
        return torch.cat(latents)


def _check_video(video: Tensor) -> None:
    shape = tuple(video.shape)
    if video.ndim != 5 or shape[2] != 3 or not video.numel():
        raise refuse("video", shape, "(batch, frames, 3, height, width), none empty")
    if (shape[1] - 1) % TEMPORAL_FACTOR:
        raise refuse("frames", shape[1], "1, 5, 9, … (one more than a multiple of 4)")
    if shape[3] % SPATIAL_FACTOR or shape[4] % SPATIAL_FACTOR:
        raise refuse("size", f"{shape[4]}x{shape[3]}", f"multiples of {SPATIAL_FACTOR}")


def _fast(x: Tensor) -> Tensor:
    """Lay channels last in memory: the layout that convolutions are quickest with."""
    return x.contiguous(memory_format=torch.channels_last)


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias
