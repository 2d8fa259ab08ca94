"""Ozora (大空, the open sky): open, self-hosted text-to-video.

    from ozora import Ozora

    take = Ozora().generate("a red fox runs across a snowy field at dusk", seed=1)
    take.save("fox.mp4")

Importing this package loads nothing heavy; PyTorch comes with the first call.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ozora.director.api import Ozora
    from ozora.director.request import Request
    from ozora.director.take import Take
    from ozora.errors import OzoraError, WeightsError
    from ozora.media.clip import Clip
    from ozora.world.shot import Shot

    __version__: str

# Read once, when PyTorch's threads are loaded: threads that wait should soon sleep. By default they spin for
# a millisecond, which on two cores that others use too makes a step take up to twenty times as long; asleep
# at once they cost a quiet machine a quarter of its speed (docs/speed.md).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")

_HOMES = {
    "Ozora": "ozora.director.api",
    "Request": "ozora.director.request",
    "Take": "ozora.director.take",
    "OzoraError": "ozora.errors",
    "WeightsError": "ozora.errors",
    "Clip": "ozora.media.clip",
    "Shot": "ozora.world.shot",
}

__all__ = ["Clip", "Ozora", "OzoraError", "Request", "Shot", "Take", "WeightsError", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # Asked for on first use: reading package metadata takes longer than everything else here.
        return import_module("importlib.metadata").version("ozora")
    if name not in _HOMES:
        raise AttributeError(f"module 'ozora' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
