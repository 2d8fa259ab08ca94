"""Plans of training as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from ozora.train.plan import Plan

_STEPS = ((1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(value: float) -> str:
    """Three digits and a unit's prefix.

    >>> short(2_034_900_000), short(7)
    ('2.03 G', '7')
    """
    for size, letter in _STEPS:
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Minutes or hours.

    >>> duration(240), duration(43200)
    ('4 min', '12 h')
    """
    return f"{seconds / 60:.3g} min" if seconds < 3600 else f"{seconds / 3600:.3g} h"


def table_of_plans(plans: Sequence[Plan]) -> Table:
    """One line for each recipe."""
    table = Table(title="What training takes, by plan", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("recipe", no_wrap=True)
    for name in ("size", "on", "for", "FLOPs", "clips", "GB", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for plan in plans:
        recipe = plan.recipe
        several = f"{recipe.devices} " if recipe.devices > 1 else ""
        table.add_row(
            recipe.name,
            short(sum(plan.parameters.values())),
            several + recipe.machine.name,
            duration(recipe.minutes * 60),
            short(plan.flops),
            short(sum(part.clips for part in plan.stages)),
            f"{plan.memory / 1e9:.1f}",
            f"{plan.cost:,.2f}",
        )
    return table


def one_plan(plan: Plan) -> RenderableType:
    """A recipe stage by stage, and what the figures stand on."""
    recipe, machine = plan.recipe, plan.recipe.machine
    parts = ", ".join(f"{name} {short(count)}" for name, count in plan.parameters.items())
    table = Table(title=f"{recipe.name}: {parts} parameters", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("frames", "batch", "FLOPs/clip", "attention", "for", "steps", "clips seen", "GB"):
        table.add_column(name, justify="right")
    for part in plan.stages:
        table.add_row(
            str(part.stage.frames),
            str(part.stage.batch),
            short(part.per_clip.step),
            f"{part.per_clip.attention / part.per_clip.step:.0%}",
            duration(part.seconds),
            f"{part.steps:.0f}",
            short(part.clips),
            f"{part.activations / 1e9:.1f}",
        )
    width, height = recipe.cells
    micro = f", {recipe.micro_batches} micro-batches to a batch" if recipe.micro_batches else ""
    speed = f"{short(machine.matmul)}FLOP/s in matrix products, of which {machine.mfu:.0%} is reckoned with"
    return Group(
        table,
        f"FLOPs: both passes over a clip of {width}×{height} cells; attention's share of them beside. "
        "GB: what a micro-batch's forward pass leaves on each device.",
        f"{recipe.devices} × {machine.name}: {speed}{micro}.",
        f"Memory of each: {plan.state / 1e9:.1f} GB parameters, gradients, moments and average, "
        f"{plan.gathered / 1e9:.1f} GB gathered, {plan.memory / 1e9:.1f} GB in all.",
        f"{plan.device_hours:,.1f} device hours at {machine.price:.2f} USD: {plan.cost:,.2f} USD.",
    )
