"""What do more cells keep of a picture? The same footage through one autoencoder, on few cells and on many.

    ozora world shoot footage --clips 300 --stills --seed 900
    python benchmarks/cells.py footage [--weights micro] [--clips 100] [--sheet cells.png]

A row for each way: footage at half its size and back by the ×2 head, and footage as it was filmed. PSNR in dB
over whole pictures and over the subjects alone, on which films are judged; tokens are those of a film of four
seconds. ``--sheet`` shows pictures as filmed and both ways, side by side.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora.backends.weights import find_weights
from ozora.train.banks import FootageBank
from ozora.train.sheets import save_sheet
from ozora.train.tasks import load_autoencoder

SHOWN = 12
LATENTS = 13  # of a film of four seconds


def decibels(error: Tensor) -> float:
    """PSNR of pictures in [−1, 1] from their mean square error."""
    return -10 * math.log10(float(error) / 4)


@torch.no_grad()
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("footage", type=Path)
    parser.add_argument("--weights", default="micro")
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    autoencoder = load_autoencoder(find_weights(asked.weights) / "autoencoder.safetensors")
    bank = FootageBank(asked.footage)
    (frames, height, width), count = next(iter(bank.lengths().items()))
    count = min(asked.clips, count)
    clips = bank.take(frames, height, width, range(count))
    seen = (clips.who > 0).float()[:, :, None]  # (N, T, 1, H, W)
    table = Table("cells", "tokens", "PSNR", "of subjects", title=f"{asked.weights} on {count} clips")
    made = [clips.large]
    for video, scale in ((clips.small, 2), (clips.large, 1)):
        latents = autoencoder.encode(video)  # (N, L, C, h, w)
        films = autoencoder.decode(latents, scale=scale).clamp(-1, 1)
        error = (films - clips.large).square()
        subject = (error * seen).sum() / (3 * seen.sum())
        high, wide = latents.shape[-2:]
        table.add_row(
            f"{wide}×{high}, ×{scale} head", str(LATENTS * high * wide),
            f"{decibels(error.mean()):.1f}", f"{decibels(subject):.1f}",
        )  # fmt: skip
        made.append(films)
    Console().print(table)
    if asked.sheet is not None:
        rows = [torch.stack([video[row, 0] for video in made]) for row in range(min(SHOWN, count))]
        save_sheet(asked.sheet, rows)


if __name__ == "__main__":
    main()
