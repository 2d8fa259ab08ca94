"""Latents beside their film: what drafts, finals and edits go on from, exactly as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import refuse
from ozora.media.files import whole_file


def kept_path(film: Path) -> Path:
    """Where latents stay, beside their film, for whoever asked to keep them."""
    return film.with_name(f"{film.stem}.latents.safetensors")


def save_latents(path: Path, latents: Tensor, about: Mapping[str, Any]) -> None:
    """Write latents (1, L, C, h, w) exactly, with all that would make them again."""
    told = {"take": json.dumps(dict(about), ensure_ascii=False, sort_keys=True)}
    with whole_file(path) as temporary:
        save_file({"latents": latents.contiguous()}, temporary, told)


def read_latents(path: Path) -> Tensor:
    """Latents (1, L, C, h, w) that :func:`save_latents` wrote; raises ``OzoraError`` for other files."""
    try:
        with safe_open(path, "pt") as opened:
            found: Tensor = opened.get_tensor("latents")
            return found
    except (SafetensorError, OSError) as error:
        raise refuse("latents", str(path), "latents that Ozora kept beside a film") from error
