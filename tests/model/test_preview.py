"""Previews are tiny, quick, always the same, and look like the film."""

import numpy as np
import torch
import torch.nn.functional as F

from ozora.backends.embedded import EmbeddedBackend
from ozora.model.preview import CELL, fit_preview


def test_the_shipped_weights_previews_look_like_their_films():
    backend = EmbeddedBackend("micro")
    autoencoder = backend.networks.autoencoder
    decoder = fit_preview(autoencoder)
    assert torch.equal(decoder.matrix, fit_preview(autoencoder).matrix)
    rows, columns = torch.linspace(-1, 1, 64)[:, None], torch.linspace(-1, 1, 112)[None]
    disc = ((rows - 0.2) ** 2 + (columns * 1.75 - 0.4) ** 2 < 0.2).float()
    picture = torch.stack([0.8 - 1.2 * disc, 0.2 * rows - 0.8 * disc, -0.4 - rows + 0 * disc]).clamp(-1, 1)
    latents = autoencoder.encode(picture.expand(1, 5, 3, 64, 112))
    small = decoder(latents)
    assert small.shape == (2, 4 * CELL, 7 * CELL, 3) and small.dtype == np.uint8
    film = autoencoder.decode(latents)[0, 1:]
    wanted = (F.avg_pool2d(film, 16 // CELL).mean(0).permute(1, 2, 0) + 1).numpy() * 127.5
    for channel in range(3):
        shown, true = small[1, ..., channel].ravel(), wanted[..., channel].ravel()
        assert np.corrcoef(shown, true)[0, 1] > 0.85
