"""Training the refiner: a transformer that makes a film clear from its layout on half as many cells a side.

A film's composition, motion and light are settled on few cells, where a step costs a fifth; what is left to
the refiner is what those cells cannot hold. It is shown the layout beside its noisy latents, as in
super-resolution by diffusion (SR3, arXiv 2104.07636), with some noise on it in training, so that it does not
trust what is filmed as it would footage (conditioning augmentation, arXiv 2106.15282). A teacher, the
transformer whose films it will refine, films some of the layouts anew from noise they can still be seen in:
then they lack what its films lack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ozora.model.refining import refine
from ozora.model.text import encode
from ozora.train.latents import LatentBatch
from ozora.train.layouts import Layouts
from ozora.train.recipe import RefinerRecipe, Stage
from ozora.train.sheets import save_sheet, spread
from ozora.train.tasks import Inputs, needed
from ozora.train.transformer import TransformerTask
from ozora.world.captions import caption

_SHOWN = 3
"""Films on a sheet of samples, each as it was laid out and as it was refined."""


class RefinerTask(TransformerTask):
    """What the loop needs to train a refiner with its text encoder; see ``tasks.Task``."""

    recipe: RefinerRecipe
    grown = ("layout_in.weight",)

    def __init__(self, recipe: RefinerRecipe, inputs: Inputs, device: torch.device) -> None:
        needed(inputs.layouts, "layouts", "the same footage, by `ozora encode` without --full-size")
        super().__init__(recipe, inputs, device)
        self.layouts = Layouts(recipe.layouts, inputs.teacher, device)

    def _more(
        self, batch: LatentBatch, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> dict[str, Any]:
        assert batch.layout is not None
        layout = self.layouts(batch.layout, batch.seconds, tokens, mask, noise)
        return {"layout": layout, "shift": self.recipe.shift}

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of footage laid out and refined; nothing without an autoencoder."""
        if self.autoencoder is None:
            return {}
        batch = self.bank.draw(torch.Generator().manual_seed(0), _SHOWN, stage.frames)
        assert batch.layout is not None
        titles = [caption(self.bank.shots[shot], "medium", 0) for shot in batch.shots]
        films: list[Tensor] = []
        for row in range(_SHOWN):
            layout = batch.layout[row : row + 1]
            text = encode(self.text, titles[row : row + 1])
            clear = refine(self.transformer, text, layout, seed=row, seconds=batch.seconds[row : row + 1])
            films += [self.autoencoder.decode(layout, scale=2)[0], self.autoencoder.decode(clear, scale=1)[0]]
        chosen = spread(films[0].shape[0], 4)
        names = [name for title in titles for name in (title, "refined")]
        save_sheet(folder / f"{label}.png", [film[chosen] for film in films], names)
        return {}
