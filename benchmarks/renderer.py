"""Frames a second that the film set shoots, and where the time goes: ``python benchmarks/renderer.py``."""

from __future__ import annotations

import argparse
import platform
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch

import ozora.world.film as filming
from ozora.world import terrain
from ozora.world.rigs import stage
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Shot, Subject

RANDOM = 16
SIZES = ((112, 64), (128, 128), (224, 128), (512, 288))
SHOTS = (
    Shot((Subject("fox", action="run"),), place="snowfield", time="dusk", camera=Camera("follow"), seed=3),
    Shot((Subject("horse", action="walk"),), place="meadow", time="noon", camera=Camera("orbit"), seed=4),
    Shot((Subject("sailboat", action="sail"),), place="sea", time="sunset", camera=Camera("static"), seed=5),
    Shot((Subject("person", action="walk"),), place="dunes", time="dawn", camera=Camera("pan"), seed=6),
    Shot((Subject("ball", action="roll"),), place="tabletop", time="night", camera=Camera("dolly"), seed=7),
    Shot((Subject("deer", action="walk"),), place="forest", time="dawn", camera=Camera("truck"), seed=8),
    Shot((Subject("car", action="drive"),), place="night city", time="night", weather="rain",
         camera=Camera("follow"), seed=9),
    Shot((Subject("fish", action="swim"),), place="underwater", time="noon", camera=Camera("orbit"), seed=10),
)
PHASES = {
    "meet ground": (filming.ground, "meet"),
    "shade ground": (filming, "_ground_colour"),
    "shadows on ground": (filming, "_ground_shade"),
    "mirror in water": (filming, "_mirrored"),
    "sky": (filming.skies, "sky"),
    "horizon": (filming, "horizon"),
    "trees": (filming.scatter, "look"),
    "looks": (filming, "stylised"),
    "ground truth": (filming, "tell"),
    "march": (filming, "trace"),
    "shade bodies": (filming.shade, "bodies"),
    "grade": (filming, "develop"),
    "pack": (filming, "pack"),
}


def timed(
    name: str, call: Callable[..., Any], spent: dict[str, float], clock: Callable[[], float]
) -> Callable[..., Any]:
    """``call``, adding the seconds it takes to ``spent``."""

    def run(*arguments: Any, **named: Any) -> Any:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        start = clock()
        result = call(*arguments, **named)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        spent[name] += clock() - start
        return result

    return run


def agreement(device: str, frames: list[int]) -> tuple[float, bool]:
    """Largest mean difference (0..255) of random shots from the processor's; whether twice is the same."""
    worst, same = 0.0, True
    for seed in range(RANDOM):
        shot = sample_shot(seed)
        here = [filming.film(shot, 128, 128, frames=frames, device=device).frames.cpu() for _ in range(2)]
        there = filming.film(shot, 128, 128, frames=frames).frames
        worst = max(worst, float((here[0].float() - there.float()).abs().mean()))
        same &= bool(torch.equal(*here))
    return worst, same


def main() -> None:
    """Print frames per second per shot and size, then the share of each phase at 224×128."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--frames", type=int, default=12)
    options.add_argument("--device", default="cpu")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    # One thread is timed by the processor time it gets, so that a busy machine does not blur the figure.
    clock = time.process_time if chosen.threads == 1 and chosen.device == "cpu" else time.perf_counter
    frames = list(range(0, 48, max(1, 48 // chosen.frames)))[: chosen.frames]
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {chosen.threads} thread(s)"
    )
    print(f"{'shot':28}" + "".join(f"{f'{w}x{h}':>12}" for w, h in SIZES) + "   frames/s")
    for shot in SHOTS:
        staged = stage(shot, terrain.ground(shot), torch.device(chosen.device))
        row = f"{shot.subjects[0].kind + ' on ' + shot.place:28}"
        for width, height in SIZES:
            filming.film(shot, width, height, frames=frames[:1], stage=staged, device=chosen.device)
            start = clock()
            filming.film(shot, width, height, frames=frames, stage=staged, device=chosen.device)
            row += f"{len(frames) / (clock() - start):12.1f}"
        print(row)
    for truth in (False, True):
        start = clock()
        for seed in range(RANDOM):
            filming.film(sample_shot(seed), 128, 128, frames=frames, device=chosen.device, truth=truth)
        rate = RANDOM * len(frames) / (clock() - start)
        what = "with flow, classes and events" if truth else "frames, depth and ids"
        print(f"{RANDOM} random shots, staged and filmed at 128x128, {what}: {rate:.1f} frames/s")
    worst, same = agreement(chosen.device, frames[:2])
    twice = "the same twice" if same else "NOT the same twice"
    print(f"{chosen.device} and cpu: {worst:.3f} of 255 apart in the worst shot (2 allowed); {twice}")
    spent: dict[str, float] = defaultdict(float)
    for name, (module, function) in PHASES.items():
        setattr(module, function, timed(name, getattr(module, function), spent, clock))
    start = clock()
    for shot in SHOTS:
        filming.film(shot, 224, 128, frames=frames, device=chosen.device, truth=True)
    whole = clock() - start
    print(f"\nmilliseconds a frame at 224x128, mean of {len(SHOTS)} shots (phases may contain one another)")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{name:28}{1000 * seconds / len(frames) / len(SHOTS):8.2f}{100 * seconds / whole:7.1f} %")
    print(f"{'whole film with rigs':28}{1000 * whole / len(frames) / len(SHOTS):8.2f}")


if __name__ == "__main__":
    main()
