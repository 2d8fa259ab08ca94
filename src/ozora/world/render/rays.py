"""One frame's rays, and what they see."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.render.light import Light


@dataclass(frozen=True)
class Rays:
    """N rays from the camera."""

    light: Light
    time: str
    family: int  # which of a place's textures
    scale: float  # metres; the size of the scene
    clearing: float  # metres around the origin that belong to the action and the camera
    origin: Tensor  # (3,)
    to: Tensor  # (3, N) unit
    pixel: float  # radians
    seconds: float
    limit: Tensor  # (N,) metres beyond which nothing is looked for


@dataclass(frozen=True)
class Seen:
    """What rays meet: how much of each pixel it covers, how far away, and its colour."""

    cover: Tensor  # (N,)
    distance: Tensor  # (N,) metres; inf where nothing is met
    colour: Tensor  # (3, N)

    @staticmethod
    def nothing(to: Tensor) -> Seen:
        """What rays (3, N) see that meet nothing."""
        flat = to[0]
        return Seen(torch.zeros_like(flat), torch.full_like(flat, math.inf), torch.zeros_like(to))
