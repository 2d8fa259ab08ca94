"""Options that several commands share, each named, explained and typed once."""

from pathlib import Path
from typing import Annotated

import typer

from ozora.errors import refuse

Prompt = Annotated[str, typer.Argument(help="What the film shows, in plain words.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Film (.mp4) or picture (.png, .jpg, .webp); named after the prompt otherwise."
    ),
]
Seconds = Annotated[float | None, typer.Option(help="Length of the film.")]
Size = Annotated[
    str | None, typer.Option(help="Width x height in pixels, fitted to what the model films.")
]
Seed = Annotated[int | None, typer.Option(help="Same seed, same film; drawn and told if not given.")]
Quality = Annotated[
    str | None, typer.Option(help="draft, standard, high or best, instead of steps and guidance.")
]
Steps = Annotated[int | None, typer.Option(help="Denoising steps: more are finer and slower.")]
Guidance = Annotated[float | None, typer.Option(help="Pull towards the words; 1 is none.")]
Refining = Annotated[
    int | None, typer.Option(help="Steps in which it is made clear, if the weights can; 0 is not at all.")
]
Drafts = Annotated[
    int | None, typer.Option(help="Begin it so many times, and film the most promising beginning.")
]
Negative = Annotated[str | None, typer.Option(help="Words to steer away from.")]
Image = Annotated[Path | None, typer.Option(help="A picture that becomes the first frame.")]
AsIs = Annotated[
    bool, typer.Option("--as-is", help="Give the model your words untouched; see `ozora explain`.")
]
Count = Annotated[int, typer.Option(help="Takes with seeds counting up: fox-1.mp4, fox-2.mp4, …")]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with; all cores by default.")]
Precision = Annotated[
    str | None, typer.Option(help="Numbers to compute in: float32, bfloat16 or int8; the quickest good ones.")
]
Weights = Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")]
KeepLatents = Annotated[
    bool, typer.Option(help="Leave the latents beside the film, for extend, remix and the other verbs.")
]
Quote = Annotated[
    bool, typer.Option("--quote", help="Only tell what it would cost: seconds, memory, energy, price.")
]
Budget = Annotated[
    str | None, typer.Option(help="At most so much, 20s or 0.05USD: refused before, or stopped in time.")
]


def check_device(device: str | None) -> None:
    """Refuse a device that this machine has not; None is for the best there is."""
    import torch

    there = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    if device is not None and device.partition(":")[0] not in there:
        raise refuse("device", device, " or ".join(there) + ", which this machine has")
