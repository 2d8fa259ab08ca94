"""What a run will take, before it takes it: arithmetic, memory, time and money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from ozora.model.autoencoder import Autoencoder
from ozora.model.eyes import Eyes
from ozora.model.fovea import SIDE
from ozora.model.motion import GRID, STEPS
from ozora.model.probe import Probe, probe_config
from ozora.model.sizes import SIZES, SPATIAL_FACTOR
from ozora.model.text import TEXT_SIZES, TextConfig, TextEncoder
from ozora.model.transformer import TRANSFORMER_SIZES, Transformer, TransformerConfig
from ozora.train.alignment import Alignment
from ozora.train.camera import CAMERA_WIDTH
from ozora.train.critic import Critic
from ozora.train.distributed import UNITS, can_be_shared_out
from ozora.train.eyes import eyes_config, fovea_widths
from ozora.train.flops import (
    FilmShape,
    Flops,
    activation_bytes,
    alignment_flops,
    autoencoder_bytes,
    autoencoder_flops,
    counted_flops,
    text_bytes,
    text_flops,
    transformer_flops,
)
from ozora.train.makers import MAKERS
from ozora.train.matching import Verdict
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
    Stage,
    StudentRecipe,
    TextRecipe,
    TransformerRecipe,
    VividRecipe,
)
from ozora.world import concepts

GLIMPSES = 3
"""Of a picture: whom the eyes find in it, and whom they should."""

WORDS = 24
"""Words of a usual caption."""

DEVICES_PER_MACHINE = 8
"""Devices that share one copy of the networks out among themselves; further machines hold further copies."""


@dataclass(frozen=True)
class StagePlan:
    """One stage: arithmetic per clip, and how far its share of the time goes."""

    stage: Stage
    per_clip: Flops
    seconds: float
    clips: float
    activations: float  # bytes on a device

    @property
    def steps(self) -> float:
        """Steps that the stage's time is enough for."""
        return self.clips / self.stage.batch


@dataclass(frozen=True)
class Plan:
    """A whole run. Bytes are per device."""

    recipe: Recipe
    parameters: dict[str, int]
    stages: tuple[StagePlan, ...]
    state: float  # parameters, gradients, moments and average that a device holds
    gathered: float  # the largest block, whole while it runs, and its gradients

    @property
    def device_hours(self) -> float:
        """Hours of all devices together."""
        return self.recipe.minutes / 60 * self.recipe.devices

    @property
    def cost(self) -> float:
        """USD at the recipe's price."""
        return self.device_hours * self.recipe.machine.price

    @property
    def flops(self) -> float:
        """Floating-point operations of the whole run."""
        return sum(part.per_clip.step * part.clips for part in self.stages)

    @property
    def memory(self) -> float:
        """Bytes that a device needs, in the hungriest stage."""
        return self.state + self.gathered + max(part.activations for part in self.stages)


def plan(recipe: Recipe) -> Plan:
    """Reckon a recipe through on the machine that it names; no memory is used and nothing is computed."""
    networks = _networks(recipe)
    counts = {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}
    state = _state_bytes(recipe, networks)
    gathered = 0.0
    if recipe.devices > 1 and can_be_shared_out(networks):
        state /= min(recipe.devices, DEVICES_PER_MACHINE)
        gathered = 2 * 4.0 * max(map(_largest_unit, networks.values()))
    return Plan(recipe, counts, tuple(_stages(recipe)), state, gathered)


def _stages(recipe: Recipe) -> list[StagePlan]:
    """Each stage that the run reaches."""
    cost, start, stages = _COSTS[type(recipe)], 0.0, []
    for stage in recipe.stages:
        share = min(stage.until, 1.0) - start
        if share > 0:
            routed = _share_routed(recipe, start, start + share)
            per_clip, stored = cost(recipe, stage, routed)
            seconds = recipe.minutes * 60 * share
            speed = recipe.machine.matmul * recipe.machine.mfu * recipe.devices
            at_a_time = stage.batch / (recipe.micro_batches or recipe.devices)
            clips = seconds * speed / per_clip.step
            stages.append(StagePlan(stage, per_clip, seconds, clips, stored * at_a_time))
        start = max(start, stage.until)
    return stages


def _share_routed(recipe: Recipe, start: float, stop: float) -> float:
    """Share of a stage's time in which cells are routed."""
    until = recipe.route_until if isinstance(recipe, TransformerRecipe) and recipe.route else 0.0
    return max(0.0, min(stop, until) - start) / (stop - start)


def _networks(recipe: Recipe) -> dict[str, nn.Module]:
    """What the recipe trains, without values."""
    with torch.device("meta"):
        return _NETWORKS[type(recipe)](recipe)


def _text_config(recipe: Recipe, width: int | None = None) -> TextConfig:
    config = TEXT_SIZES[recipe.size].with_axes(concepts.FIELDS)
    return config if width is None else replace(config, out_width=width)


def _transformer_config(recipe: Recipe) -> TransformerConfig:
    refines = isinstance(recipe, RefinerRecipe)
    channels = SIZES[recipe.size].latent_channels
    return replace(TRANSFORMER_SIZES[recipe.size], channels=channels, refines=refines)


def _transformer_networks(recipe: Recipe) -> dict[str, nn.Module]:
    config = _transformer_config(recipe)
    text = TextEncoder(_text_config(recipe, config.width))
    return {"transformer": Transformer(config), "text": text, "alignment": Alignment(config.width)}


def _probe_networks(recipe: ProbeRecipe) -> dict[str, nn.Module]:
    width = CAMERA_WIDTH if isinstance(recipe, CameraRecipe) else 0
    with torch.device("cpu"):  # it looks at its values while it is built; there are few
        probe = Probe(replace(probe_config(concepts.AXES), camera=width))
    return {"probe": probe.to("meta")}


def _student_networks(recipe: Recipe) -> dict[str, nn.Module]:
    config = replace(_transformer_config(recipe), aims=True)
    return {"transformer": Transformer(config)}


def _matching_networks(recipe: MatchingRecipe) -> dict[str, nn.Module]:
    config = _transformer_config(recipe)
    networks = {**_student_networks(recipe), "echo": Transformer(config)}
    return networks | ({"verdict": Verdict(config.width)} if recipe.verdict else {})


def _eyes_networks(recipe: EyesRecipe) -> dict[str, nn.Module]:
    return {"eyes": Eyes(eyes_config(recipe.size, fovea_widths(recipe.size) if recipe.fovea else ()))}


_NETWORKS: dict[type[Recipe], Callable[[Any], dict[str, nn.Module]]] = {
    AutoencoderRecipe: lambda recipe: {"autoencoder": Autoencoder(SIZES[recipe.size])},
    ClearRecipe: lambda recipe: {"autoencoder": Autoencoder(SIZES[recipe.size])},
    VividRecipe: lambda recipe: {"autoencoder": Autoencoder(SIZES[recipe.size]), "critic": Critic()},
    TextRecipe: lambda recipe: {"text": TextEncoder(_text_config(recipe))},
    TransformerRecipe: _transformer_networks,
    RefinerRecipe: _transformer_networks,
    StudentRecipe: _student_networks,
    MatchingRecipe: _matching_networks,
    ProbeRecipe: _probe_networks,
    CameraRecipe: _probe_networks,
    EyesRecipe: _eyes_networks,
    FoveaRecipe: _eyes_networks,
}


def _autoencoder_cost(recipe: AutoencoderRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    width, height = recipe.cells
    large = max(1, round(recipe.losses.large_share * stage.frames))
    asked = (SIZES[recipe.size], stage.frames, height, width, large)
    return autoencoder_flops(*asked), autoencoder_bytes(*asked)


def _clear_cost(recipe: ClearRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    at_half, _ = _autoencoder_cost(recipe, stage, routed)
    width, height = recipe.cells
    asked = (SIZES[recipe.size], stage.frames, 2 * height, 2 * width, 0)
    full = autoencoder_flops(*asked)
    return at_half * recipe.half_size + full * (1 - recipe.half_size), autoencoder_bytes(*asked)


def _text_cost(recipe: TextRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    config = _text_config(recipe)
    return text_flops(config, WORDS), text_bytes(config, WORDS)


def _transformer_cost(recipe: TransformerRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    config = _transformer_config(recipe)
    text = _text_config(recipe, config.width)
    width, height = recipe.cells
    film = FilmShape(stage.frames, height, width, WORDS)
    whole, part = (transformer_flops(config, film, route) for route in (0.0, recipe.route))
    classes = Alignment(1).out.out_features
    rest = text_flops(text, WORDS) + alignment_flops(config.width, classes, film)
    stored = activation_bytes(config, film, recipe.route if routed == 1.0 else 0.0)
    # Time is what is shared between routed and whole steps, so clips per second are averaged.
    speed = routed / (part + rest).step + (1 - routed) / (whole + rest).step
    mean = 1 / (speed * (whole + rest).step)
    return (whole + rest) * mean, stored + text_bytes(text, WORDS)


def _student_cost(recipe: StudentRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    config = _transformer_config(recipe)
    width, height = recipe.cells
    film = FilmShape(stage.frames, height, width, WORDS)
    one = transformer_flops(config, film)
    # Its own steps to where the phase begins, and the teacher's two passes for each small one of the phase.
    watched = sum(
        share / sum(recipe.step_shares) * ((steps - 1) / 2 + 2 * max(1, recipe.teacher_steps // steps))
        for share, steps in zip(recipe.step_shares, recipe.step_counts, strict=True)
    )
    read = text_flops(_text_config(recipe, config.width), WORDS).forward
    unlearnt = Flops(one.forward * watched + read, 0.0, one.attention / 3 * watched)
    return one + unlearnt, activation_bytes(config, film)


def _matching_cost(recipe: MatchingRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    questions, one_film = _student_cost(recipe, stage, routed)
    config = _transformer_config(recipe)
    width, height = recipe.cells
    one = transformer_flops(config, FilmShape(stage.frames, height, width, WORDS))
    steps = sum(
        share / sum(recipe.step_shares) * count
        for share, count in zip(recipe.step_shares, recipe.step_counts, strict=True)
    )
    # Where it answers no question all its steps learn, watched in two passes of the teacher and one of the
    # echo, which itself learns from every film; with a verdict, it pushes films and learns from both kinds.
    watched = Flops(3 * one.forward, 0.0, one.attention)
    told = 1.0 if recipe.verdict else 0.0
    films = one * (steps + told) + watched
    learnt = questions * recipe.asked + films * (1 - recipe.asked)
    return learnt + one * (1 + 2 * told), one_film * (max(recipe.step_counts) + 1)


def _eyes_cost(recipe: EyesRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    width, height = recipe.cells
    side = 2 * SPATIAL_FACTOR  # they look at films as they are delivered

    def look(network: Any, clip: Tensor) -> list[Tensor]:
        seen = network(clip)
        parts = [seen.classes, seen.depth, seen.silhouette, seen.centre, seen.offset, seen.flow]
        return [*parts, *seen.traits.values(), *seen.scene.values()]

    eyes = _networks(recipe)["eyes"]
    return counted_flops(eyes, (1, stage.frames, 3, side * height, side * width), look)


def _fovea_cost(recipe: FoveaRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    eyes, held = _eyes_cost(recipe, stage, routed)
    fovea = cast(Eyes, _networks(recipe)["eyes"]).fovea
    assert fovea is not None
    near, kept = counted_flops(
        fovea, (GLIMPSES, 4, SIDE, SIDE), lambda network, seen: [network(seen, seen[:, 0, 0, :3]).kinds]
    )
    return replace(near, forward=near.forward + eyes.forward / 3), kept + held / 3  # who finds does not learn


def _probe_cost(recipe: ProbeRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    width, height = recipe.cells
    probe = _networks(recipe)["probe"]
    return counted_flops(
        probe, (1, stage.frames, 3, 16 * height, 16 * width), lambda network, clip: network(clip).values()
    )


def _camera_cost(recipe: CameraRecipe, stage: Stage, routed: float) -> tuple[Flops, float]:
    reader = cast(Probe, _networks(recipe)["probe"]).camera
    assert reader is not None
    shape = (recipe.learnt, stage.frames, len(STEPS), GRID[0] * GRID[1], 3)
    flops, held = counted_flops(reader, (1, *shape), lambda network, seen: [network.told(seen[0])])
    return flops, held


_COSTS: dict[type[Recipe], Callable[[Any, Stage, float], tuple[Flops, float]]] = {
    AutoencoderRecipe: _autoencoder_cost,
    ClearRecipe: _clear_cost,
    VividRecipe: _autoencoder_cost,
    TextRecipe: _text_cost,
    TransformerRecipe: _transformer_cost,
    RefinerRecipe: _transformer_cost,
    StudentRecipe: _student_cost,
    MatchingRecipe: _matching_cost,
    EyesRecipe: _eyes_cost,
    FoveaRecipe: _fovea_cost,
    ProbeRecipe: _probe_cost,
    CameraRecipe: _camera_cost,
}


def _state_bytes(recipe: Recipe, networks: dict[str, nn.Module]) -> float:
    """Four bytes a value: parameter, gradient, average, and one moment for Muon or two for AdamW."""
    is_matrix = MAKERS[type(recipe)].is_matrix  # of a task that is never made
    total = 0.0
    for name, network in networks.items():
        for path, parameter in network.named_parameters():
            moments = 1 if is_matrix(None, f"{name}.{path}", parameter) else 2
            total += 4.0 * (3 + moments) * parameter.numel()
    return total


def _largest_unit(network: nn.Module) -> int:
    """Values of the largest part that is gathered at once."""
    units = [
        unit
        for path, module in network.named_modules()
        if path.split(".")[-1] == UNITS
        for unit in module.children()
    ]
    sizes = [sum(p.numel() for p in unit.parameters()) for unit in units]
    rest = sum(p.numel() for p in network.parameters()) - sum(sizes)
    return max([rest, *sizes])
