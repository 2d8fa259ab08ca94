"""Whether probe and eyes may judge: their scores on fresh footage, through the autoencoder, and on footage
that was spoilt on purpose.

    python benchmarks/calibration.py --probe PROBE.safetensors [--autoencoder AUTOENCODER.safetensors]
        [--clips 64] [--size 224x128] [--out FOLDER]
    python benchmarks/calibration.py --eyes EYES.safetensors [--probe …] [--autoencoder … [--scale 1]]
        [--clips 45] [--shots 90] [--frames 37] [--workers 2] [--size 224x128] [--out FOLDER]
        [--docs docs/scorecard.md] [--machine WORDS]

With ``--eyes`` every metric of the scorecard stands trial; the record is written beside the eyes, where
`ozora evaluate` reads which metrics it may print, and into the page that ``--docs`` names. Without, the probe
alone is tried; that ends with 1, naming what is out of order, if a corruption goes unnoticed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ozora.evaluate import calibrate
from ozora.evaluate.eyesight import CLASS_BAR, COUNT_BAR, Eyesight, eyesight
from ozora.evaluate.metrics import COPIES
from ozora.evaluate.probe import load_probe
from ozora.evaluate.scores import Share
from ozora.evaluate.trials import Trials, trials_path, try_metrics
from ozora.model.checkpoint import load_weights, weights_hash
from ozora.model.eyes import load_eyes
from ozora.train.tasks import load_autoencoder

BEGIN, END = "<!-- calibration begins -->", "<!-- calibration ends -->"


def main() -> int:
    """Film the clips, print the tables, and tell which laws of order are broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--probe", type=Path)
    parser.add_argument("--eyes", type=Path)
    parser.add_argument("--autoencoder", type=Path)
    parser.add_argument("--scale", type=int, default=2, choices=(1, 2), help="of its head that films are by")
    parser.add_argument("--clips", type=int)
    parser.add_argument("--shots", type=int, default=90, help="moments on which eyesight is measured")
    parser.add_argument("--workers", type=int, default=1, help="processes that film and look")
    parser.add_argument("--frames", type=int, default=37)
    parser.add_argument("--size", default="224x128")
    parser.add_argument("--out", type=Path, help="keep the clips and calibration.json here")
    parser.add_argument("--docs", type=Path, help="page whose calibration tables are written anew")
    parser.add_argument("--machine", default="", help="what the page should say it was measured on")
    arguments = parser.parse_args()
    if arguments.eyes is None and arguments.probe is None:
        parser.error("give --probe or --eyes")
    return try_eyes(arguments) if arguments.eyes is not None else try_probe(arguments)


def try_probe(arguments: argparse.Namespace) -> int:
    """The probe's own table."""
    width, height = (int(side) for side in arguments.size.split("x"))
    autoencoder = None if arguments.autoencoder is None else load_autoencoder(arguments.autoencoder)
    console, count = Console(), arguments.clips or 64
    with Progress(console=console, transient=True) as progress:
        clips = progress.add_task("clips", total=count)
        result = calibrate(
            load_probe(arguments.probe),
            clips=count,
            width=width,
            height=height,
            autoencoder=autoencoder,
            out=arguments.out,
            on_progress=lambda done, _: progress.update(clips, completed=done),
        )
    console.print(result.table())
    if arguments.out is not None:
        told = json.dumps(result.to_json(), indent=1) + "\n"
        (arguments.out / "calibration.json").write_text(told, encoding="utf-8")
    for law in result.broken():
        console.print(f"out of order: {law}")
    return 1 if result.broken() else 0


def try_eyes(arguments: argparse.Namespace) -> int:
    """Every metric of the scorecard, and how well the eyes see."""
    width, height = (int(side) for side in arguments.size.split("x"))
    eyes = load_eyes(arguments.eyes, "evaluation")
    probe = None if arguments.probe is None else load_probe(arguments.probe)
    autoencoder = None if arguments.autoencoder is None else load_autoencoder(arguments.autoencoder)
    console, count = Console(), arguments.clips or 45
    with Progress(console=console, transient=True) as progress:
        moments = progress.add_task("eyesight", total=arguments.shots)
        sight = eyesight(
            eyes, shots=arguments.shots, width=width, height=height,
            on_progress=lambda done, _: progress.update(moments, completed=done),
        )  # fmt: skip
        clips = progress.add_task("trials", total=count)
        trials = try_metrics(
            eyes, probe, clips=count, width=width, height=height, autoencoder=autoencoder, out=arguments.out,
            scale=arguments.scale, identity=weights_hash(arguments.eyes), workers=arguments.workers,
            frames=arguments.frames,
            on_progress=lambda done, _: progress.update(clips, completed=done),
        )  # fmt: skip
    record = json.dumps({**trials.to_json(), "eyesight": sight.to_json()}, indent=1) + "\n"
    trials_path(arguments.eyes).write_text(record, encoding="utf-8")
    told = eyesight_table(sight, load_weights(arguments.eyes)[1], arguments.machine)
    page = "\n".join((*told, "", *trials_table(trials)))
    console.print(page, markup=False, highlight=False, soft_wrap=True)
    if arguments.docs is not None:
        write_between(arguments.docs, page)
    return 0


def eyesight_table(sight: Eyesight, about: Mapping[str, Any], machine: str) -> list[str]:
    """How well the eyes see, as Markdown."""
    cells = sight.cells
    where = f" on {machine}" if machine else ""
    rows = [
        ("subjects found", share(sight.found), ""),
        ("subjects found and named right", share(sight.kind), f"≥ {CLASS_BAR:.0%}"),
        *((f"… of {size} of 4×4 pixels", share(named), "") for size, named in sight.kind_by_size.items()),
        ("frames counted right", share(sight.counted), f"≥ {COUNT_BAR:.0%}"),
        ("colour of those found", share(sight.colour), ""),
        ("size", share(sight.size), ""),
        ("direction", share(sight.direction), ""),
        ("action", share(sight.action), ""),
        ("class, by cells of 4×4 pixels", f"{cells['class_cells']:.0%}", ""),
        ("class, by cells of subjects", f"{cells['class_subject_cells']:.0%}", ""),
        ("place", f"{cells['place']:.0%}", ""),
        ("time of day", f"{cells['time']:.0%}", ""),
        ("weather", f"{cells['weather']:.0%}", ""),
        ("look", f"{cells['look']:.0%}", ""),
        ("silhouettes, intersection over union", f"{cells['silhouette_iou']:.2f}", ""),
        ("depth, mean error of its natural logarithm", f"{cells['depth_error']:.2f}", ""),
        ("flow, mean error in pixels", f"{cells['flow_error']:.2f}", ""),
        ("(mean length of that flow)", f"{cells['flow_length']:.2f}", ""),
    ]
    minutes = float(about.get("seconds", 0)) / 60
    head = (
        f"Eyes of `{about.get('recipe')}`, {about.get('steps')} steps in {minutes:.0f} minutes{where}; "
        f"{sight.counted.of} fresh moments."
    )
    lines = [f"| {what} | {measured} | {bar} |" for what, measured, bar in rows]
    return [head, "", "| what | measured | bar |", "|---|--:|--:|", *lines]


def trials_table(trials: Trials) -> list[str]:
    """The verdicts as Markdown: the originals, the autoencoder's, and what should be noticed."""
    about = trials.about
    lines = [
        f"{about['clips']} fresh clips of {about['frames']} frames, {about['size']}; in brackets the "
        "standard errors by which spoilt films score worse (1.6 are asked).",
        "",
        "| metric | stands | original | recoded | spoilt | why not |",
        "|---|---|--:|--:|---|---|",
    ]
    for verdict in trials.verdicts:
        first, again = (verdict.scores.get(name) for name in ("original", "autoencoder"))
        noticed = "; ".join(
            f"{name} {score.value:.2f}" + ("" if score.worse is None else f" ({score.worse:.1f})")
            for name, score in verdict.scores.items()
            if score.worse is not None or name == COPIES
        )
        plain = " | ".join("–" if one is None else f"{one.value:.2f}" for one in (first, again))
        stands = "yes" if verdict.stands else "no"
        lines.append(f"| {verdict.name} | {stands} | {plain} | {noticed} | {verdict.why} |")
    return lines


def share(value: Share) -> str:
    """A share in per cent, with how many it is of."""
    return f"{value.value:.0%} of {value.of}"


def write_between(page: Path, text: str) -> None:
    """Put ``text`` between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
