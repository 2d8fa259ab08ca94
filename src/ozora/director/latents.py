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


def save_latents(path: Path, latents: Tensor, about: Mapping[str, Any]) -> None:
    """Write latents (1, L, C, h, w) exactly, with all that would make them again."""
    with whole_file(path) as temporary:
        save_file({"latents": latents.contiguous()}, temporary, {"take": _canonical(about)})


def find_latents(path: Path, about: Mapping[str, Any]) -> Tensor | None:
    """Latents kept at ``path``, if they are those of exactly this take."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as opened:
            if (opened.metadata() or {}).get("take") != _canonical(about):
                return None
            found: Tensor = opened.get_tensor("latents")
            return found
    except (SafetensorError, OSError):
        return None


def _canonical(about: Mapping[str, Any]) -> str:
    return json.dumps(dict(about), ensure_ascii=False, sort_keys=True)
