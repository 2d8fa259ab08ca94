"""From scene light to shown colour: tone curve, colour grade, look, vignette."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render.light import Light

HUELESS = ("black-and-white", "sepia")
"""Looks of one hue."""


def develop(colour: Tensor, light: Light, look: str) -> Tensor:
    """Shown sRGB (3, H, W) in 0..1 of scene-linear light (3, H, W).

    The tone curve is 1 − exp(−x), an ideal film's shoulder; ``light.paint`` is its inverse.
    """
    height, width = colour.shape[1:]
    if light.moonlit > 0 and look in HUELESS:
        # Without its blue a night is told by its stars and shadows: film is exposed for them.
        colour = colour * 1.6
    elif light.moonlit > 0:
        # What is dim loses its hue to blue (Purkinje 1825); lamps and flames keep theirs.
        dim = 0.25 * colour[0] + 0.55 * colour[1] + 0.20 * colour[2]
        blue = torch.tensor([0.50, 0.80, 1.45], device=colour.device)[:, None, None] * dim
        colour = colour + (blue - colour) * (light.moonlit * torch.exp(-3.0 * dim))
    shown = 1 - torch.exp(-(colour * light.tint[:, None, None]).clamp(min=0))
    shown = torch.where(shown <= 0.0031308, shown * 12.92, 1.055 * shown.clamp(min=1e-6).pow(1 / 2.4) - 0.055)
    grey = 0.30 * shown[0] + 0.59 * shown[1] + 0.11 * shown[2]
    if look == "black-and-white":
        grey = 0.42 * shown[0] + 0.45 * shown[1] + 0.13 * shown[2]  # an orange filter darkens the sky
        shown = grey.expand(3, height, width)
        contrast = 1.16
    else:
        shown = grey + (shown - grey) * light.saturation
        contrast = light.contrast
    curve = shown * shown * (3 - 2 * shown)
    shown = shown + (curve - shown) * (0.18 + (contrast - 1) * 1.4)
    y = torch.linspace(-1, 1, height, device=colour.device)[:, None]
    x = torch.linspace(-1, 1, width, device=colour.device)[None]
    shown = shown * (1 - 0.11 * (x * x + y * y))
    return shown.clamp(0, 1)
