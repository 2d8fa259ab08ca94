"""Models by their names, and which sizes and lengths a name stands for."""

from __future__ import annotations

import re
from typing import Any

from ozora.serve.render.order import Card
from ozora.serve.settings import Settings
from ozora.serve.wire.errors import ApiError, bad
from ozora.serve.wire.fields import wrong_value

ALIASES = ("sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-2025-12-08", "sora-2-pro-2025-10-06")
"""Names that clients have in their code; each is filmed by the model that is here."""

SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080")
SMALLEST, LARGEST = 32, 2048
DEFAULT_SIZE, DEFAULT_SECONDS = "720x1280", 4


def model_names(card: Card) -> tuple[str, ...]:
    """Every name a create may ask for."""
    return (card.name, *ALIASES)


def check_model(name: str, card: Card) -> str:
    """The name, if there is such a model."""
    if name not in model_names(card):
        raise ApiError(
            404, "model_not_found", param="model",
            message=f"The model '{name[:80]}' does not exist. Allowed: {', '.join(model_names(card))}.",
        )  # fmt: skip
    return name


def asked_size(values: dict[str, Any], model: str, card: Card, settings: Settings) -> tuple[int, int]:
    """Width and height from ``size``, ``width`` and ``height``, ``aspect_ratio``, or the default."""
    given = [name for name in ("size", "width", "aspect_ratio") if name in values]
    if "height" in values and "width" not in values:
        raise bad(
            "missing_required_parameter", "Missing required parameter: 'width' (beside 'height').", "width"
        )
    if len(given) > 1:
        raise wrong_value(given[1], values[given[1]], f"nothing beside '{given[0]}'")
    if "width" in values:
        if "height" not in values:
            told = "Missing required parameter: 'height', beside width."
            raise bad("missing_required_parameter", told, "height")
        size = (values["width"], values["height"])
    elif "aspect_ratio" in values:
        size = _of_aspect(values["aspect_ratio"])
    else:
        native = f"{card.sizes[0][0]}x{card.sizes[0][1]}"
        size = parse(
            values.get("size") or (DEFAULT_SIZE if model in ALIASES and not settings.strict else native)
        )
    if size[0] % 2 or size[1] % 2:
        raise wrong_value("size", f"{size[0]}x{size[1]}", "even width and height")
    if settings.strict and size not in card.sizes:
        listed = ", ".join(f"{wide}x{high}" for wide, high in card.sizes)
        raise wrong_value("size", f"{size[0]}x{size[1]}", f"what the model films itself: {listed}")
    return size


def parse(value: str) -> tuple[int, int]:
    """Read ``1280x720``."""
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", value)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(SMALLEST <= side <= LARGEST for side in size):
        allowed = f"{', '.join(SIZES)}, or any even width x height from {SMALLEST} to {LARGEST}"
        raise wrong_value("size", value, allowed)
    return size


def _of_aspect(value: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d{0,2}):([1-9]\d{0,2})", value)
    if not found:
        raise wrong_value("aspect_ratio", value, "such as 16:9")
    wide, high = int(found[1]), int(found[2])
    short = 720
    size = (short * wide / high, short) if wide >= high else (short, short * high / wide)
    sides = (round(size[0] / 2) * 2, round(size[1] / 2) * 2)
    if max(sides) > LARGEST:
        raise wrong_value("aspect_ratio", value, f"ratios whose longer side is at most {LARGEST} pixels")
    return sides


def asked_frames(values: dict[str, Any], card: Card, settings: Settings) -> int:
    """Frames from ``seconds`` or ``num_frames``; the delivered film has exactly these."""
    if "fps" in values and values["fps"] != card.fps:
        told = f"Unsupported parameter: 'fps'. The model films at {card.fps} frames per second."
        raise bad("unsupported_parameter", told, "fps")
    if "num_frames" in values:
        if "seconds" in values:
            raise wrong_value("num_frames", values["num_frames"], "nothing beside 'seconds'")
        frames = int(values["num_frames"])
    else:
        frames = int(values.get("seconds", DEFAULT_SECONDS)) * card.fps
    if frames > settings.longest_step * card.fps:
        raise wrong_value("num_frames", frames, f"at most {settings.longest_step * card.fps}")
    if settings.strict and frames > card.frames:
        raise wrong_value(
            "seconds", frames / card.fps, f"at most {card.frames} frames, what the model films at once"
        )
    return frames


def told_seconds(frames: int, fps: int) -> str:
    """Seconds as the string clients expect: "4", or "1.25" for lengths in frames."""
    return f"{frames / fps:.4f}".rstrip("0").rstrip(".")
