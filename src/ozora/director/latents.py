"""Latents beside their film: what drafts, finals and edits go on from, exactly as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.media.files import whole_file


def kept_path(film: Path) -> Path:
    """Where latents stay, beside their film, for whoever asked to keep them."""
    return film.with_name(f"{film.stem}.latents.safetensors")


def save_latents(
    path: Path, latents: Tensor, about: Mapping[str, Any], refined: Tensor | None = None
) -> None:
    """Write latents (1, L, C, h, w), refined ones (1, L, C, 2h, 2w) too, exactly, with what makes them."""
    kept = {"latents": latents.contiguous()}
    if refined is not None:
        kept["refined"] = refined.contiguous()
    with whole_file(path) as temporary:
        save_file(kept, temporary, {"take": _canonical(about)})


def find_latents(path: Path, about: Mapping[str, Any]) -> dict[str, Tensor]:
    """What is kept at ``path`` ("latents", "refined"), if it is of exactly this take; else nothing."""
    if not path.is_file():
        return {}
    try:
        with safe_open(path, "pt") as opened:
            if (opened.metadata() or {}).get("take") != _canonical(about):
                return {}
            found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError):
        return {}
    return found if "latents" in found else {}


def _canonical(about: Mapping[str, Any]) -> str:
    return json.dumps(dict(about), ensure_ascii=False, sort_keys=True)
