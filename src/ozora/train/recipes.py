"""Runs. A run is a function that returns a frozen dataclass; to derive one, call it and replace what differs.

On the command line a run is its name plus dotted overrides, ``optimiser.rate=1e-3`` or ``stages.0.batch=8``;
an override must name a field that exists and carry a value of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any

from ozora.errors import refuse
from ozora.train.augment_eyes import SpoilSettings
from ozora.train.recipe import (
    H200,
    CameraRecipe,
    EyesRecipe,
    FoveaRecipe,
    MatchingRecipe,
    OptimiserRecipe,
    ProbeRecipe,
    Recipe,
    RefinerRecipe,
    Stage,
    StudentRecipe,
    TextRecipe,
    TransformerRecipe,
)
from ozora.train.recipes_autoencoder import (
    base_autoencoder,
    large_autoencoder,
    micro_autoencoder,
    micro_clear,
    micro_steady,
    micro_vivid,
    mini_autoencoder,
    mini_vivid,
)


def micro_text() -> TextRecipe:
    """The small text encoder, before it meets a picture: 4 minutes on two CPU cores."""
    return TextRecipe(
        name="micro_text",
        size="micro",
        minutes=4,
        stages=(Stage(1.0, 1, 64),),
        optimiser=OptimiserRecipe(rate=2e-3, matrix_rate=2e-3, average=0.99),
    )


def micro_transformer() -> TransformerRecipe:
    """The small transformer: 200 minutes on two CPU cores; pictures, then short clips, then whole ones."""
    return TransformerRecipe(
        name="micro_transformer",
        size="micro",
        minutes=200,
        stages=(Stage(0.32, 1, 64), Stage(0.37, 5, 16), Stage(1.0, 13, 8, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=1e-3, matrix_rate=3e-3, average=0.995),
        captions=(0.15, 0.35, 0.40, 0.10),
    )


def micro_refiner() -> RefinerRecipe:
    """Films on four times the cells from films laid out: 120 minutes on two CPU cores, pictures first."""
    return RefinerRecipe(
        name="micro_refiner",
        size="micro",
        minutes=120,
        stages=(Stage(0.2, 1, 64), Stage(0.25, 5, 16), Stage(1.0, 13, 8, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=1e-3, matrix_rate=3e-3, average=0.995),
        captions=(0.15, 0.35, 0.40, 0.10),
    )


def micro_student() -> StudentRecipe:
    """Few steps for the small transformer: 40 minutes on one CPU core."""
    return StudentRecipe(
        name="micro_student",
        size="micro",
        minutes=40,
        stages=(Stage(0.1, 1, 32), Stage(1.0, 13, 4, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=3e-4, matrix_rate=5e-4, average=0.98),
        sample_every=0.2,
    )


def micro_matching() -> MatchingRecipe:
    """The same student's films made to look like its teacher's: 60 minutes on one CPU core."""
    return MatchingRecipe(
        name="micro_matching",
        size="micro",
        minutes=60,
        stages=(Stage(0.1, 1, 32), Stage(1.0, 13, 6, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=1e-4, matrix_rate=1e-4, average=0.98, decay=0.3),
        sample_every=0.25,
        guidance=4.0,
    )


def micro_probe() -> ProbeRecipe:
    """The judge: 44 minutes on one CPU core."""
    return ProbeRecipe(
        name="micro_probe",
        size="micro",
        minutes=44,
        stages=(Stage(0.2, 1, 32), Stage(0.4, 17, 12), Stage(1.0, 49, 10)),
        optimiser=OptimiserRecipe(rate=2e-3, average=0.99),
    )


def micro_camera() -> CameraRecipe:
    """The judge's sense of the camera: 15 minutes on one CPU core, most of them to find out what moves."""
    return CameraRecipe(
        name="micro_camera",
        size="micro",
        minutes=15,
        stages=(Stage(1.0, 49, 4),),
        optimiser=OptimiserRecipe(rate=1e-3, average=0.995, decay=0.5),
        seed=61,
    )


def micro_eyes() -> EyesRecipe:
    """The eyes that judge: 60 minutes on one CPU core; pictures, then moments of three frames."""
    return EyesRecipe(
        name="micro_eyes",
        size="micro",
        minutes=60,
        stages=(Stage(0.86, 1, 16), Stage(1.0, 3, 6)),
        optimiser=OptimiserRecipe(rate=2e-3, matrix_rate=5e-3, average=0.995, decay=0.4),
        seed=41,
    )


def micro_eyes_perception() -> EyesRecipe:
    """The eyes that teach an autoencoder: another seed, another width, other spoilt films."""
    return replace(
        micro_eyes(),
        name="micro_eyes_perception",
        size="micro_perception",
        purpose="perception",
        seed=97,
        minutes=15,
        spoil=SpoilSettings(untouched=0.4, soft=0.45, blurred=0.1, coarse=0.2, noisy=0.25, noise=0.05),
    )


def micro_fovea() -> FoveaRecipe:
    """The judging eyes' second look: 45 minutes on one CPU core, from eyes that are trained."""
    return FoveaRecipe(
        name="micro_fovea",
        size="micro",
        minutes=45,
        stages=(Stage(1.0, 1, 24),),
        optimiser=OptimiserRecipe(rate=2e-3, matrix_rate=5e-3, average=0.995, decay=0.4),
        seed=53,
    )


def micro_fovea_perception() -> FoveaRecipe:
    """The teaching eyes' second look: another seed, other widths, other spoilt films."""
    return replace(
        micro_fovea(),
        name="micro_fovea_perception",
        size="micro_perception",
        purpose="perception",
        seed=107,
        spoil=micro_eyes_perception().spoil,
    )


def mini_text() -> TextRecipe:
    """The shipped text encoder, before it meets a picture: 2 minutes on one GPU."""
    return TextRecipe(
        name="mini_text",
        size="mini",
        minutes=2,
        stages=(Stage(1.0, 1, 512),),
        optimiser=OptimiserRecipe(rate=1e-3, matrix_rate=1e-3),
        shots=100_000,
        machine=H200,
        cells=(10, 6),
    )


def mini_transformer() -> TransformerRecipe:
    """The shipped transformer: 19 minutes a lease on one large GPU; longer runs give a larger budget."""
    return TransformerRecipe(
        name="mini_transformer",
        size="mini",
        minutes=19,
        stages=(Stage(0.25, 1, 2048), Stage(0.5, 5, 512), Stage(1.0, 13, 256, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=5e-4, matrix_rate=1e-3, average=0.9995),
        route=0.5,
        machine=H200,
        cells=(10, 6),
    )


def mini_student() -> StudentRecipe:
    """Few steps for the shipped transformer: 9 minutes on one large GPU."""
    return StudentRecipe(
        name="mini_student",
        size="mini",
        minutes=9,
        stages=(Stage(0.1, 1, 512), Stage(1.0, 13, 64, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=2e-4, matrix_rate=3e-4, average=0.99),
        sample_every=0.3,
        machine=H200,
    )


def mini_matching() -> MatchingRecipe:
    """The shipped student's films made to look like its teacher's: 9 minutes on one large GPU."""
    return replace(
        micro_matching(),
        name="mini_matching",
        size="mini",
        minutes=9,
        stages=(Stage(0.1, 1, 128), Stage(1.0, 13, 20, shorter=0.3)),
        machine=H200,
    )


def mini_probe() -> ProbeRecipe:
    """The judge with a GPU's patience: 3 minutes."""
    return replace(
        micro_probe(),
        name="mini_probe",
        minutes=3,
        stages=(Stage(0.4, 17, 128), Stage(1.0, 49, 64)),
        machine=H200,
        cells=(10, 6),
    )


def base_text() -> TextRecipe:
    """21 M parameters, before they meet a picture: 10 minutes on one GPU."""
    return TextRecipe(
        name="base_text",
        size="base",
        minutes=10,
        stages=(Stage(1.0, 1, 1024),),
        optimiser=OptimiserRecipe(rate=6e-4, matrix_rate=6e-4),
        shots=1_000_000,
        machine=H200,
    )


def base_transformer() -> TransformerRecipe:
    """300 M parameters, films of 512×288: 12 hours on eight large GPUs."""
    return TransformerRecipe(
        name="base_transformer",
        size="base",
        minutes=720,
        stages=(Stage(0.2, 1, 4096), Stage(0.4, 5, 1024), Stage(1.0, 13, 512, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=3e-4, matrix_rate=6e-4, average=0.9999, warm_up=0.01),
        route=0.5,
        machine=H200,
        devices=8,
        cells=(16, 9),
        micro_batches=64,
    )


def large_text() -> TextRecipe:
    """135 M parameters, before they meet a picture: an hour on one GPU."""
    return replace(
        base_text(),
        name="large_text",
        size="large",
        minutes=60,
        stages=(Stage(1.0, 1, 2048),),
        optimiser=OptimiserRecipe(rate=3e-4, matrix_rate=3e-4),
        shots=4_000_000,
    )


def large_transformer() -> TransformerRecipe:
    """2 G parameters, films of 1024×576: two days on 64 large GPUs, eight to a machine."""
    return replace(
        base_transformer(),
        name="large_transformer",
        size="large",
        minutes=2880,
        stages=(Stage(0.2, 1, 8192), Stage(0.4, 5, 2048), Stage(1.0, 13, 1024, shorter=0.3)),
        optimiser=OptimiserRecipe(rate=2e-4, matrix_rate=4e-4, average=0.9999, warm_up=0.01),
        devices=64,
        cells=(32, 18),
        micro_batches=1024,
    )


def mini_eyes() -> EyesRecipe:
    """The eyes that judge, with a GPU's patience: 6 minutes."""
    return replace(
        micro_eyes(), name="mini_eyes", size="mini", minutes=6,
        stages=(Stage(0.4, 1, 256), Stage(1.0, 3, 96)), machine=H200,
    )  # fmt: skip


def mini_eyes_perception() -> EyesRecipe:
    """The eyes that teach an autoencoder, with a GPU's patience: 4 minutes."""
    return replace(
        micro_eyes_perception(), name="mini_eyes_perception", size="mini_perception", minutes=4,
        stages=(Stage(0.6, 1, 256), Stage(1.0, 3, 96)), machine=H200,
    )  # fmt: skip


def mini_fovea() -> FoveaRecipe:
    """The judging eyes' second look, with a GPU's patience: 4 minutes."""
    return replace(
        micro_fovea(), name="mini_fovea", size="mini", minutes=4, stages=(Stage(1.0, 1, 128),), machine=H200
    )


RECIPES: dict[str, Callable[[], Recipe]] = {
    recipe.__name__: recipe
    for recipe in (
        micro_autoencoder, micro_steady, micro_clear, micro_vivid, micro_text, micro_transformer,
        micro_refiner, micro_student, micro_matching, micro_probe, micro_eyes, micro_eyes_perception,
        micro_camera, micro_fovea, micro_fovea_perception,
        mini_autoencoder, mini_vivid, mini_text, mini_transformer, mini_student, mini_matching, mini_probe,
        base_autoencoder, base_text, base_transformer, large_autoencoder, large_text, large_transformer,
        mini_eyes, mini_eyes_perception, mini_fovea,
    )
}  # fmt: skip
"""Every run by its name."""


def get_recipe(name: str, overrides: Iterable[str] = ()) -> Recipe:
    """The run ``name`` with dotted overrides (``optimiser.rate=1e-3``) applied in order.

    Raises ``OzoraError`` for an unknown run, an unknown field and a value of the wrong type.
    """
    name = name.replace("-", "_")
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, 4, 0.3) or list(RECIPES)[:4]
        raise refuse("recipe", name, f"{', '.join(near)} …, of all that `ozora plan` lists")
    recipe = RECIPES[name]()
    for override in overrides:
        path, equals, value = override.partition("=")
        if not equals or not path:
            raise refuse("override", override, "field=value, with dots into nested fields")
        recipe = _set(recipe, path.split("."), value, path)
    return recipe


def _set(thing: Any, path: list[str], value: str, whole: str) -> Any:
    """A copy of ``thing`` with the field at ``path`` set from words."""
    if not path:
        return _typed(thing, value, whole)
    head, rest = path[0], path[1:]
    if is_dataclass(thing) and not isinstance(thing, type):
        names = [entry.name for entry in fields(thing)]
        if head not in names:
            near = get_close_matches(head, names, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise refuse(f"override {whole}", head, ", ".join(names) + hint)
        return replace(thing, **{head: _set(getattr(thing, head), rest, value, whole)})
    if isinstance(thing, tuple):
        if not head.isdecimal() or int(head) >= len(thing):
            raise refuse(f"override {whole}", head, f"a place from 0 to {len(thing) - 1}")
        place = int(head)
        return (*thing[:place], _set(thing[place], rest, value, whole), *thing[place + 1 :])
    raise refuse(f"override {whole}", head, "nothing: the field before it holds a plain value")


def _typed(now: Any, value: str, whole: str) -> Any:
    """``value`` read as the type that the field has now."""
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
    if isinstance(now, tuple):
        parts = value.strip("()").split(",")
        if len(parts) != len(now) or any(type(item) not in kinds for item in now):
            raise refuse(f"override {whole}", value, f"{len(now)} values with commas, like {now}")
        return tuple(_typed(item, part.strip(), whole) for item, part in zip(now, parts, strict=True))
    if type(now) not in kinds:
        raise refuse(f"override {whole}", value, "one of its own fields, after a dot")
    if isinstance(now, bool):
        if value.lower() not in ("true", "false"):
            raise refuse(f"override {whole}", value, kinds[bool])
        return value.lower() == "true"
    try:
        return type(now)(value)
    except ValueError:
        raise refuse(f"override {whole}", value, kinds[type(now)]) from None
