"""Looks: what a shown picture becomes under a brush, scissors or a tube of light. Each is one function.

Everything is computed from the frame itself, its depth and its ids. Paper and pigment are grained by a
texture that stays on the screen, so that nothing flickers; widths are shares of the frame's height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.sky import mix, ramp


@dataclass(frozen=True)
class Picture:
    """One frame, ready to be drawn over."""

    colour: Tensor  # (3, H, W) shown sRGB, 0..1
    near: Tensor  # (H, W) one over metres ahead; 0 in the sky. Linear across every plane.
    ids: Tensor  # (H, W) 0 the set, 1.. bodies

    @property
    def height(self) -> int:
        """Rows."""
        return self.colour.shape[1]


Look = Callable[[Picture], Tensor]


# --- tools --------------------------------------------------------------------------------------------------


def _tint(*rgb: float, like: Tensor) -> Tensor:
    return torch.tensor(rgb, device=like.device)[:, None, None]


def _grey(colour: Tensor) -> Tensor:
    """Lightness (H, W) of a colour (3, H, W)."""
    return 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def blurred(image: Tensor, deviation: float) -> Tensor:
    """Gaussian blur of (C, H, W) or (H, W) by so many pixels."""
    if image.dim() == 2:
        return blurred(image[None], deviation)[0]
    reach = max(1, min(round(2.5 * deviation), min(image.shape[1:]) - 1))
    steps = torch.arange(-reach, reach + 1, device=image.device) / max(deviation, 1e-3)
    weight = torch.exp(-0.5 * steps * steps)
    weight = (weight / weight.sum())[None, None]
    padded = F.pad(image[:, None], (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, weight[..., None]), weight[:, :, None])[:, 0]


def _flat(colour: Tensor, radius: int) -> Tensor:
    """Even patches with crisp borders: the calmest of four corners about each pixel (Kuwahara et al. 1976).

    Corners are weighted rather than chosen (Papari et al. 2007), so that patches do not jump between frames.
    """
    height, width = colour.shape[1:]
    padded = F.pad(colour[None], (radius,) * 4, mode="replicate")
    mean = F.avg_pool2d(padded, radius + 1, 1)[0]
    square = F.avg_pool2d(padded * padded, radius + 1, 1)[0]
    calm = ((square - mean * mean).clamp(min=0).sum(0, keepdim=True) + 2e-4).pow(-3)
    corners = [(y, x) for y in (0, radius) for x in (0, radius)]
    weights = [calm[:, y : y + height, x : x + width] for y, x in corners]
    parts = [mean[:, y : y + height, x : x + width] for y, x in corners]
    return sum(w * p for w, p in zip(weights, parts, strict=True)) / torch.stack(weights).sum(0)


def _stepped(value: Tensor, steps: float, soft: float) -> Tensor:
    """Values 0..1 in so many even bands, ``soft`` (0..1) of each band a slope to the next."""
    scaled = value * steps
    floor = scaled.floor()
    return (floor + ramp(scaled - floor, 0.5 - soft / 2, 0.5 + soft / 2)) / steps


def _vivid(colour: Tensor, gain: float) -> Tensor:
    """The colour with its distance from grey times ``gain``."""
    grey = _grey(colour)
    return (grey + (colour - grey) * gain).clamp(0, 1)


def _outline(picture: Picture, width: float) -> Tensor:
    """Lines (H, W), 0..1, where one thing ends before another, ``width`` pixels wide.

    One over depth is linear across planes, so what bends it sharply is an edge and the ground is none.
    """
    near = F.pad(picture.near[None, None], (1,) * 4, mode="replicate")[0, 0]
    middle = near[1:-1, 1:-1]
    bend = (near[1:-1, 2:] + near[1:-1, :-2] - 2 * middle).abs()
    bend = bend + (near[2:, 1:-1] + near[:-2, 1:-1] - 2 * middle).abs()
    around = F.max_pool2d(near[None], 3, 1)[0]
    edge = ramp(bend / around.clamp(min=1e-4), 0.10, 0.30) * ramp(around, 0.01, 0.02)
    # A body and the sky each end in one line, however far off.
    who = picture.ids + 0.5 * (picture.near < 1e-3)
    who = F.pad(who[None, None], (0, 1, 0, 1), mode="replicate")[0, 0]
    other = (who[:-1, :-1] != who[1:, :-1]) | (who[:-1, :-1] != who[:-1, 1:])
    line, more = torch.maximum(edge, other.float()), max(0, round(width / 2 - 1))
    grown = F.max_pool2d(line[None], 2 * more + 1, 1, more)[0]
    return (blurred(grown, 0.45 * max(width, 1.0)) * 1.4).clamp(0, 1)


def _grain(picture: Picture) -> tuple[Tensor, Tensor]:
    """Noise of the paper (H, W), fixed to the screen, about unit deviation: soft clouds and fine fibre."""
    height, width = picture.colour.shape[1:]
    device = picture.colour.device
    y, x = torch.arange(height, device=device) / height, torch.arange(width, device=device) / height
    v, u = (place.flatten() for place in torch.meshgrid(y, x, indexing="ij"))
    texture = textures.detail(3, str(device))
    clouds, fibre = textures.sample(texture, u * 0.4, v * 0.4)[0], textures.sample(texture, u * 1.6, v)[3]
    return clouds.view(height, width), fibre.view(height, width)


def _displaced(image: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """The image (C, H, W) read ``across`` and ``down`` (H, W) pixels away."""
    height, width = image.shape[1:]
    y = torch.arange(height, device=image.device)[:, None] + down
    x = torch.arange(width, device=image.device)[None] + across
    grid = torch.stack((x / (width - 1), y / (height - 1)), -1) * 2 - 1
    return F.grid_sample(image[None], grid[None], align_corners=True, padding_mode="border")[0]


# --- the looks ----------------------------------------------------------------------------------------------


def clay(picture: Picture) -> Tensor:
    """Kneaded from one lump, which the set has already done; only edges are softened."""
    return mix(picture.colour, blurred(picture.colour, picture.height / 160), 0.8)


def cartoon(picture: Picture) -> Tensor:
    """Flat bands of light in loud colours inside dark outlines."""
    height, body = picture.height, (picture.ids > 0).float()
    calm = mix(_flat(picture.colour, round(height / 18)), _flat(picture.colour, round(height / 56) + 1), body)
    line = _outline(picture, height / 72)
    return mix(_vivid(_banded(calm, 4.0).clamp(0, 1), 1.45), _tint(0.07, 0.05, 0.09, like=line), line)


def watercolour(picture: Picture) -> Tensor:
    """Thin washes that bleed over their borders, darker where they dried, on white grained paper."""
    height, width = picture.colour.shape[1:]
    clouds, fibre = _grain(picture)
    wobble = height / 120
    wet = _displaced(picture.colour, clouds * wobble, -clouds.flip(1) * wobble)
    wash = mix(_flat(wet, round(height / 40) + 1), blurred(wet, height / 36), 0.25)
    light = _grey(wash)
    rim = (blurred(light, height / 40) - light).clamp(min=0)
    pigment = (1 - _vivid(wash, 1.35)) * (0.82 + 2.2 * rim + 0.05 * clouds + 0.045 * fibre).clamp(min=0)
    y = torch.linspace(-1, 1, height, device=light.device)[:, None].abs()
    x = torch.linspace(-1, 1, width, device=light.device)[None].abs()
    inside = ramp(torch.minimum(1 - y, (1 - x) * width / height) + 0.02 * clouds, 0.05, 0.11)
    paper = _tint(0.99, 0.975, 0.945, like=light) * (1 + 0.02 * fibre)
    return (paper * (1 - pigment * (0.84 * inside))).clamp(0, 1)


def neon(picture: Picture) -> Tensor:
    """Glowing tubes along every edge of a dark picture, each in its thing's own colour."""
    height, body = picture.height, (picture.ids > 0).float()
    calm = blurred(picture.colour, height / 110)
    light = _grey(_flat(picture.colour, round(height / 40) + 1))
    steep = torch.stack(torch.gradient(blurred(light, height / 150)))
    drawn = ramp(steep.square().sum(0).sqrt() * height / 128, 0.03, 0.16) * 0.7
    line = torch.maximum(_outline(picture, height / 90), drawn)
    pure = calm - 0.9 * calm.amin(0)
    strength = pure.amax(0)
    usual = mix(_tint(0.05, 0.75, 1.0, like=calm), _tint(1.0, 0.15, 0.75, like=calm), body)
    hue = mix(usual, pure / strength.clamp(min=1e-3), ramp(strength, 0.08, 0.25))
    tube = line * hue
    glow = tube * 1.5 + blurred(tube, height / 64) * 1.3 + blurred(tube, height / 18) * 1.1
    dark = calm * _tint(0.10, 0.08, 0.16, like=calm) + _tint(0.012, 0.008, 0.03, like=calm)
    return (1 - torch.exp(-1.5 * (dark + glow + 0.25 * line * line))).clamp(0, 1)


def paper(picture: Picture) -> Tensor:
    """Cut from coloured paper: even layers one behind another, each with its shadow on the next."""
    height, body = picture.height, picture.ids > 0
    clouds, fibre = _grain(picture)
    wave = clouds[height // 2].expand_as(clouds)  # scissors go up and down, not round in circles
    far = -torch.log2(picture.near.clamp(min=1e-3)) * 1.2  # doublings of the distance, nearly
    layer = torch.where(picture.near < 1.5e-3, torch.full_like(far, _BACKDROP), (far + 0.13 * wave).floor())
    calm = _flat(picture.colour, round(height / 16))
    colour = _banded(calm, 5.0)
    for here in (layer == number for number in layer[~body].unique().tolist() if number < _BACKDROP):
        tone = 0.80 + 0.05 * float(layer[here][0])  # each layer a shade paler than the one before it
        colour = torch.where(here, calm[:, here & ~body].mean(1)[:, None, None] * tone, colour)
    colour = torch.where(body, _banded(_flat(picture.colour, round(height / 40) + 1), 3.0), colour)
    for mine in (picture.ids == member for member in picture.ids.unique().tolist() if member):
        layer = torch.where(mine, far[mine].mean() - 1.0, layer)
    depth = layer.clamp(max=_BACKDROP)
    shift = torch.full_like(depth, -height / 70)
    over = depth - blurred(_displaced(depth[None], shift, shift)[0], height / 56)
    shade = (over * 0.7).clamp(0, 1)
    lit = _vivid(colour, 1.3) * (1 - 0.55 * shade) * (1 + 0.030 * fibre + 0.02 * clouds)
    return mix(lit, torch.ones_like(lit), 0.30 * (_outline(picture, 1.0) * body)).clamp(0, 1)


_BACKDROP = 10.0
"""Layer of the sky."""


def _banded(colour: Tensor, steps: float) -> Tensor:
    """The colour with its light in even bands."""
    light = colour.amax(0).clamp(min=1e-3)
    return colour * ((_stepped(light, steps, 0.25) + 0.05) / light)


def sepia(picture: Picture) -> Tensor:
    """A brown print that has faded."""
    clouds, fibre = _grain(picture)
    grey = _grey(picture.colour)
    grey = (grey + (grey - 0.5) * 0.15 + 0.012 * clouds + 0.012 * fibre).clamp(0, 1)
    brown = mix(_tint(0.15, 0.075, 0.03, like=grey), _tint(0.99, 0.92, 0.76, like=grey), grey)
    return (brown + _tint(0.10, 0.02, -0.08, like=grey) * (4 * grey * (1 - grey))).clamp(0, 1)


LOOKS: dict[str, Look] = {
    "clay": clay,
    "cartoon": cartoon,
    "watercolour": watercolour,
    "neon": neon,
    "paper": paper,
    "sepia": sepia,
}
"""Name in ``concepts.LOOKS`` → the look; the others are a matter of the grade."""


DRAWN = ("cartoon", "watercolour", "paper", "neon")
"""Looks that smooth away what is finer than a brush."""


def stylised(picture: Picture, look: str) -> Tensor:
    """The picture (3, H, W) in a look."""
    return LOOKS[look](picture) if look in LOOKS else picture.colour
