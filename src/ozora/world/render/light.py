"""Light and air: what the hour, the weather and the place do to sun, sky and distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.shot import Shot

Air = Literal["open", "room", "none", "water"]
"""What lies between things: the open sky's air, a room's, nothing as on the moon, or water."""


def paint(code: str) -> Tensor:
    """Scene light (3,) that ``grade`` shows as the sRGB colour ``code`` (six hex digits)."""
    shown = torch.tensor([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    linear = torch.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return -torch.log1p(-linear.clamp(max=0.97))


@dataclass(frozen=True)
class Light:
    """Everything that lights a shot. Colours are scene-linear (3,)."""

    sun: Tensor  # (3,) unit vector towards the sun or moon
    seen_sun: Tensor  # (3,) where its disc is drawn: lower than its light, to stand in the picture
    disc: float  # brightness of the visible disc
    sunlight: Tensor
    skylight: Tensor
    bounce: Tensor
    zenith: Tensor
    middle: Tensor
    horizon: Tensor
    glow: Tensor
    halo: float  # how far the glow spreads
    cloud_lit: Tensor
    cloud_shade: Tensor
    cover: float  # 0 blue sky .. 1 overcast; below 0 no clouds at all
    haze: Tensor  # colour distance fades to
    reach: float  # metres over which clear air keeps 37 % of a colour
    stars: float
    aurora: float
    penumbra: float  # tangent of the light's half angle
    saturation: float
    contrast: float
    tint: Tensor  # (3,) gain of the grade
    moonlit: float = 0.0  # share of the blue that eyes see in the dark


_TIMES: dict[str, dict[str, object]] = {
    "dawn": {
        "height": 8.0,
        "side": (30, 55),
        "sunlight": (2.1, 1.30, 0.90),
        "skylight": (0.54, 0.56, 0.72),
        "zenith": "6a9cd6",
        "middle": "a9c4ea",
        "horizon": "fbdcb8",
        "glow": "ffe0a6",
        "halo": 5.0,
        "lit": "ffe9d8",
        "shade": "c3b8d4",
        "cover": 0.28,
        "disc": 2.5,
        "reach": 240.0,
        "stars": 0.0,
        "penumbra": 0.05,
        "saturation": 1.06,
        "contrast": 0.96,
        "tint": (1.02, 1.0, 0.98),
    },
    "noon": {
        "height": 43.0,
        "side": (100, 150),
        "sunlight": (2.5, 2.36, 2.1),
        "skylight": (0.50, 0.62, 0.82),
        "zenith": "1f66bf",
        "middle": "5fa6e4",
        "horizon": "c4e2f6",
        "glow": "ffffff",
        "halo": 40.0,
        "lit": "ffffff",
        "shade": "b4c4da",
        "cover": 0.33,
        "disc": 4.0,
        "reach": 700.0,
        "stars": 0.0,
        "penumbra": 0.025,
        "saturation": 1.12,
        "contrast": 1.06,
        "tint": (1.0, 1.0, 1.0),
    },
    "sunset": {
        "height": 8.0,
        "side": (9, 16),
        "sunlight": (3.0, 1.25, 0.42),
        "skylight": (0.50, 0.33, 0.40),
        "zenith": "3f4488",
        "middle": "c9627a",
        "horizon": "ff9a48",
        "glow": "ffd070",
        "halo": 6.0,
        "lit": "ffb46a",
        "shade": "8c4a63",
        "cover": 0.34,
        "disc": 2.0,
        "reach": 520.0,
        "stars": 0.0,
        "penumbra": 0.04,
        "saturation": 1.12,
        "contrast": 1.05,
        "tint": (1.03, 1.0, 0.95),
    },
    "dusk": {
        "height": 13.0,
        "side": (35, 60),
        "sunlight": (0.66, 0.40, 0.48),
        "skylight": (0.29, 0.28, 0.56),
        "zenith": "2f2f74",
        "middle": "7a62b4",
        "horizon": "e4b2a6",
        "glow": "ffae90",
        "halo": 2.6,
        "lit": "d899a8",
        "shade": "6a5a98",
        "cover": 0.30,
        "disc": 0.0,
        "reach": 330.0,
        "stars": 0.12,
        "penumbra": 0.14,
        "saturation": 0.94,
        "contrast": 1.0,
        "tint": (0.96, 0.95, 1.08),
    },
    "night": {
        "height": 13.0,
        "side": (9, 15),
        "sunlight": (0.36, 0.47, 0.72),
        "skylight": (0.085, 0.12, 0.235),
        "zenith": "060b22",
        "middle": "0e1b44",
        "horizon": "274078",
        "glow": "9fb8e8",
        "halo": 26.0,
        "lit": "48598c",
        "shade": "141f44",
        "cover": 0.24,
        "disc": 2.6,
        "reach": 380.0,
        "stars": 1.0,
        "penumbra": 0.05,
        "saturation": 0.96,
        "contrast": 1.05,
        "tint": (0.92, 1.0, 1.10),
    },
}

@dataclass(frozen=True)
class _Veil:
    """What a weather lays over the sky and its light."""

    grey: float  # share of colour it takes
    dim: float  # share of sunlight it leaves
    cover: float  # of cloud
    reach: float  # view in distances to the subject
    least: float  # view in metres at the least
    brightness: float = 1.0


_VEILS = {
    "fog": _Veil(0.75, 0.32, 0.75, 3.2, 12.0),
    "snow": _Veil(0.55, 0.42, 0.9, 9.0, 55.0),
    "cloud": _Veil(0.76, 0.24, 1.02, 60.0, 300.0, 0.94),
    "rain": _Veil(0.78, 0.22, 1.1, 10.0, 60.0, 0.82),
    "storm": _Veil(0.93, 0.05, 1.2, 8.0, 50.0, 0.22),
}


def light(shot: Shot, focus: float, air: Air, ground: RGB) -> Light:
    """The light of a shot in a place with this air and ground.

    ``focus`` is the camera's distance to its subject in metres; fog scales with it.
    """
    mood = _TIMES[shot.time]
    draw = torch.rand(2, generator=torch.Generator().manual_seed(shot.seed + 77)).tolist()
    low, high = cast("tuple[float, float]", mood["side"])
    side = math.radians(low + (high - low) * draw[0]) * (1 if draw[1] < 0.5 else -1)
    height = math.radians(float(mood["height"]))  # type: ignore[arg-type]
    if air == "room":  # a window or a lamp stands higher than a low sun
        height = max(height, math.radians(34))
        side = math.copysign(math.radians(70), side)
    sun = torch.tensor(
        [math.sin(side) * math.cos(height), math.sin(height), -math.cos(side) * math.cos(height)]
    )

    drawn = min(height, math.radians(4.8 if shot.time == "sunset" else 6.6))
    seen = sun if height > 0.3 else torch.tensor(
        [math.sin(side) * math.cos(drawn), math.sin(drawn), -math.cos(side) * math.cos(drawn)]
    )  # fmt: skip

    def colour(name: str) -> Tensor:
        value = mood[name]
        return paint(value) if isinstance(value, str) else torch.tensor(value)

    def number(name: str) -> float:
        return float(mood[name])  # type: ignore[arg-type]

    sunlight, skylight = colour("sunlight"), colour("skylight")
    zenith, middle, horizon, glow = colour("zenith"), colour("middle"), colour("horizon"), colour("glow")
    lit, shade = colour("lit"), colour("shade")
    if air == "room" and shot.time in ("dusk", "night"):  # the lamp is lit
        sunlight = (
            torch.tensor((1.15, 0.74, 0.40)) if shot.time == "night" else torch.tensor((1.0, 0.68, 0.50))
        )
    halo = number("halo")
    cover, reach, disc, stars = number("cover"), number("reach"), number("disc"), number("stars")
    saturation, contrast, penumbra = number("saturation"), number("contrast"), number("penumbra")
    haze = horizon
    if air == "open":
        reach = max(reach, 4.5 * focus)  # clear air must not veil what is large and therefore far off
    aurora = 1.0 if shot.weather == "aurora" else 0.0
    if aurora:
        cover = 0.1
    over = _VEILS.get(shot.weather)
    if over is not None:
        # An evening's cloud is blue and violet, a morning's rose: under one grey they would look the same.
        late = shot.time == "dusk"
        if late:
            horizon = 0.8 * (0.25 * horizon + 0.75 * middle)
        veil = 0.45 * horizon + 0.35 * middle + 0.2 * zenith
        # Night is dark enough.
        brightness = max(over.brightness, 0.42) if shot.time == "night" else over.brightness
        if late and over.brightness > 0.9:
            brightness = 0.74  # a morning's fog and snow are bright, an evening's are not
        if shot.time == "sunset":
            brightness = min(over.brightness, 0.84)
            horizon = 0.5 * horizon + 0.5 * torch.tensor((2.0, 0.62, 0.26)) * horizon.mean()
        if shot.time == "noon":
            # By day a storm is slate grey, not the blue of an evening, and fog is white.
            brightness = max(brightness, 0.36)
        slate = shot.time == "noon" and shot.weather == "storm"
        grey = 0.99 if slate else over.grey
        skylight = skylight.mean().expand(3) if slate else skylight
        own = {"dawn": 0.6, "sunset": 0.85, "dusk": 0.7}.get(shot.time, 0.45)  # of the hour's hue
        own = 0.15 if slate else own
        veil = (veil.mean() * (1 - own) + veil * own) * brightness
        zenith = zenith + (veil * 0.8 - zenith) * grey
        middle = middle + (veil * 0.92 - middle) * grey
        horizon = haze = horizon + (veil * 1.05 - horizon) * grey
        glow = glow + (veil * 1.3 - glow) * grey * 0.8
        lit, shade = lit + (veil * 1.15 - lit) * grey, shade + (veil * 0.8 - shade) * grey
        skylight = (skylight + (skylight.mean() - skylight) * 0.4) * 1.18 + sunlight.mean() * 0.11
        skylight = skylight * brightness
        sunlight = (sunlight + (sunlight.mean() - sunlight) * 0.5) * over.dim
        cover = over.cover
        disc, stars, penumbra = disc * 0.12, stars * 0.06, max(penumbra, 0.12)
        saturation, contrast = saturation * 0.9, contrast * 0.97
        reach = min(max(over.reach * focus, over.least), reach)
    if air == "none":
        night = shot.time == "night"
        zenith = middle = horizon = haze = torch.full((3,), 0.0015)
        glow, disc = torch.full((3,), 1.2 if not night else 0.0), 0.0 if night else 4.0
        # At night the moon's own light is the earth's.
        earthlight = torch.tensor((0.20, 0.28, 0.42))
        sunlight = earthlight if night else sunlight.mean() * torch.tensor((1.15, 1.1, 1.0))
        skylight = torch.full((3,), 0.035) if not night else torch.tensor((0.03, 0.04, 0.06))
        seen = sun
        cover, reach, stars, contrast, halo = -0.5, 6000.0, 1.0, contrast * 1.04, 5000.0
    elif air == "water":
        bright = float((skylight.mean() + 0.4 * sunlight.mean()).clamp(max=1.2)) / 1.2
        bright = bright if shot.time != "night" else 0.35 * bright
        tint = {"sunset": (2.1, 0.86, 0.50), "dawn": (1.75, 1.0, 0.92), "dusk": (1.1, 0.62, 1.2)}
        warm = torch.tensor(tint.get(shot.time, (1.0, 1.0, 1.0)))
        zenith = torch.tensor((0.30, 0.85, 0.95)) * bright * warm
        middle = torch.tensor((0.055, 0.36, 0.55)) * bright * warm
        horizon = haze = torch.tensor((0.020, 0.16, 0.30)) * (0.25 + 0.75 * bright) * warm
        glow, disc, stars, cover = zenith * 1.2, 0.0, 0.0, -0.5
        sunlight = torch.tensor((0.75, 1.25, 1.25)) * bright * warm
        skylight = torch.tensor((0.16, 0.36, 0.45)) * (0.3 + 0.7 * bright) * warm
        reach, penumbra, height = max(5.0 * focus, 14.0), 0.2, math.radians(70)
        sun = torch.tensor([0.25 * math.sin(side), 0.94, -0.25])
        sun = seen = sun / sun.norm()
    bounce = torch.tensor(ground) * (skylight * 0.6 + sunlight * math.sin(height) * 0.5)
    return Light(
        sun, seen, disc, sunlight, skylight, bounce, zenith, middle, horizon, glow, halo,
        lit, shade, cover, haze,
        reach, stars, aurora, penumbra, saturation, contrast, colour("tint"),
        0.5 if shot.time == "night" and air == "open" and shot.place != "night city" else 0.0,
    )  # fmt: skip


def moved(light: Light, device: str | torch.device) -> Light:
    """The same light with its tensors on another device."""
    return replace(light, **{k: v.to(device) for k, v in light.__dict__.items() if isinstance(v, Tensor)})  # type: ignore[arg-type]
