"""Eyes: a probe that has only seen footage scores what a generator made, beside chance and the real."""

from ozora.evaluate.calibration import Calibration, calibrate
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.evaluate.referee import evaluate
from ozora.evaluate.scorecard import Scorecard

__all__ = ["Calibration", "Prompt", "Scorecard", "calibrate", "evaluate", "read_prompts"]
