"""Reading a probe from its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ozora.errors import WeightsError
from ozora.evaluate.looking import MAIN_AXES
from ozora.model.checkpoint import load_into, load_weights
from ozora.model.probe import Probe, ProbeConfig


def load_probe(path: str | Path) -> Probe:
    """Read a probe from weights that ``ozora train micro_probe`` exported.

    Raises ``WeightsError`` if the file is missing, damaged, not a probe, or does not know every main axis.
    """
    path = Path(path)
    tensors, metadata = load_weights(path)
    config = metadata.get("config")
    if metadata.get("network") != "probe" or not isinstance(config, Mapping):
        raise WeightsError(f"probe: {path} holds weights of a {metadata.get('network', 'nameless')} network.")
    probe = Probe(ProbeConfig.from_json(config))
    load_into(probe, tensors, path)
    if missing := [axis for axis in MAIN_AXES if axis not in dict(probe.config.axes)]:
        raise WeightsError(f"probe: {path} cannot be asked for {', '.join(missing)}.")
    return probe.eval().requires_grad_(False)
