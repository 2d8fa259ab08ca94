"""Eyes: a probe that has only seen footage scores what a generator made, beside chance and the real."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ozora.evaluate.calibration import Calibration, calibrate
    from ozora.evaluate.prompts import Prompt, read_prompts
    from ozora.evaluate.referee import evaluate
    from ozora.evaluate.scorecard import Scorecard

# Brought in when asked for: who only wants to look at a draft should not wait for the whole referee.
_HOMES = {
    "Calibration": "calibration", "calibrate": "calibration", "Prompt": "prompts",
    "read_prompts": "prompts", "evaluate": "referee", "Scorecard": "scorecard",
}  # fmt: skip

__all__ = ["Calibration", "Prompt", "Scorecard", "calibrate", "evaluate", "read_prompts"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ozora.evaluate' has no attribute {name!r}")
    return getattr(import_module(f"ozora.evaluate.{_HOMES[name]}"), name)
