"""Which task trains a recipe."""

from __future__ import annotations

from typing import Any

import torch

from ozora.train.autoencoder import AutoencoderTask
from ozora.train.camera import CameraTask
from ozora.train.clear import ClearTask
from ozora.train.eyes import EyesTask
from ozora.train.fovea import FoveaTask
from ozora.train.matching import MatchingTask
from ozora.train.probe import ProbeTask
from ozora.train.recipe import (
    AutoencoderRecipe,
    CameraRecipe,
    ClearRecipe,
    EyesRecipe,
    FoveaRecipe,
    MatchingRecipe,
    ProbeRecipe,
    Recipe,
    RefinerRecipe,
    StudentRecipe,
    TextRecipe,
    TransformerRecipe,
    VividRecipe,
)
from ozora.train.refiner import RefinerTask
from ozora.train.student import StudentTask
from ozora.train.tasks import Inputs, Task
from ozora.train.text import TextTask
from ozora.train.transformer import TransformerTask
from ozora.train.vivid import VividTask

MAKERS: dict[type[Recipe], type[Any]] = {
    AutoencoderRecipe: AutoencoderTask,
    ClearRecipe: ClearTask,
    VividRecipe: VividTask,
    TextRecipe: TextTask,
    TransformerRecipe: TransformerTask,
    RefinerRecipe: RefinerTask,
    StudentRecipe: StudentTask,
    MatchingRecipe: MatchingTask,
    ProbeRecipe: ProbeTask,
    CameraRecipe: CameraTask,
    EyesRecipe: EyesTask,
    FoveaRecipe: FoveaTask,
}


def make_task(recipe: Recipe, inputs: Inputs, device: torch.device) -> Task:
    """The task of a recipe, its networks new and on ``device``. Raises ``OzoraError`` for a missing input."""
    task: Task = MAKERS[type(recipe)](recipe, inputs, device)
    return task
