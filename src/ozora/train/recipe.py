"""What every kind of run is described by: frozen dataclasses, filled by the functions in ``recipes``."""

from __future__ import annotations

from dataclasses import dataclass, field

from ozora.errors import refuse
from ozora.train.augment_eyes import SpoilSettings
from ozora.train.losses_autoencoder import AutoencoderLossSettings
from ozora.train.losses_eyes import EyesLossSettings


@dataclass(frozen=True)
class OptimiserRecipe:
    """Rates at full speed, and how they start and end; ``warm_up`` and ``decay`` are shares of the budget."""

    rate: float = 1e-3  # AdamW: embeddings, convolutions, norms, heads
    matrix_rate: float = 1e-3  # Muon: hidden matrices, where a network has them
    betas: tuple[float, float] = (0.9, 0.99)
    momentum: float = 0.95
    weight_decay: float = 0.01
    warm_up: float = 0.03
    decay: float = 0.25
    clip: float = 1.0
    average: float = 0.999  # decay of the moving average of parameters, per step


@dataclass(frozen=True)
class Stage:
    """Part of a run, until the share ``until`` of its budget: ``batch`` clips of ``frames`` frames a step.

    In a share ``shorter`` of its steps clips are shorter, in half of those pictures, and there are as many
    more: a network that has long seen whole clips only films short ones badly, and pictures worst of all.
    """

    until: float
    frames: int
    batch: int
    shorter: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.shorter <= 1.0:
            raise refuse("shorter", self.shorter, "a share of the stage's steps, from 0 to 1")


@dataclass(frozen=True)
class Machine:
    """What a run is planned on: how fast a device multiplies matrices, and what an hour of it costs."""

    name: str
    matmul: float  # FLOP/s of a large matrix product at the working precision
    mfu: float  # share of it that training is expected to reach
    price: float  # USD per device and hour


TWO_CORES = Machine("2 cores", 0.1e12, 0.5, 0.04)
H200 = Machine("H200", 790e12, 0.35, 2.50)
"""Products in bfloat16: 790 TFLOP/s is measured; the share is a plan, the price a usual one of 2026."""


@dataclass(frozen=True)
class Recipe:
    """What every run has. ``size`` names the networks' shape, ``minutes`` the budget unless one is given."""

    name: str
    size: str
    minutes: float
    stages: tuple[Stage, ...]
    optimiser: OptimiserRecipe = field(default_factory=OptimiserRecipe)
    seed: int = 0
    sample_every: float = 0.1  # share of the budget between two sheets of samples
    save_every: float = 60.0  # seconds between two saved states
    compile: bool = True  # on a GPU
    compile_on_cpu: bool = False  # takes minutes and a C++ compiler; steps then a seventh to a third shorter
    mixed: bool = True  # products in bfloat16, where the device is quick in it
    micro_batches: int = 0  # parts that a batch goes through in, shared among processes; 0: one for each
    machine: Machine = TWO_CORES  # what ``minutes`` are meant for, with ``devices`` of them; for `ozora plan`
    devices: int = 1
    cells: tuple[int, int] = (14, 8)  # cells across and down that the plan reckons with; the footage decides


PLANNED = ("machine", "devices", "cells")
"""Fields that only a plan reads: what a run was really made on, weights do not claim to know."""


@dataclass(frozen=True)
class AutoencoderRecipe(Recipe):
    """Train the autoencoder on footage."""

    losses: AutoencoderLossSettings = field(default_factory=AutoencoderLossSettings)
    statistics_clips: int = 512  # how many clips the latents' mean and deviation are measured over
    window: int = 0  # pixels (delivered size) of the windows around subjects that batches see; 0: all of it
    window_share: float = 0.75  # of the batches
    decoder_only: bool = False  # with --start: sharpen pictures without moving the latents others learnt from


@dataclass(frozen=True)
class VividRecipe(AutoencoderRecipe):
    """Teach the decoder alone, from ``--start``, to paint what may be there instead of the mean of it all."""

    refilmed: float = 0.75  # share of the batches whose latents a few-step student has filmed again
    levels: tuple[float, float] = (0.05, 0.55)  # of the noise that it begins from; above, it is another film
    verdict: float = 0.4  # how hard the critic pulls, against the pixels
    haze: float = 0.1  # noise in which the critic sees all frames, or it is soon sure and teaches nothing
    critic_rate: float = 0.3  # of the decoder's rates
    likeness: float = 2.0  # weight of the difference that the critic feels
    alone: float = 0.04  # share of the budget in which the critic learns and is not yet listened to


@dataclass(frozen=True)
class ClearRecipe(AutoencoderRecipe):
    """Teach the decoder alone, from ``--start``, to paint at full size what a refiner makes."""

    half_size: float = 0.25  # share of the batches seen at half their size, as footage of layouts is
    refined: float = 0.6  # share of the others whose latents the refiner has made again
    levels: tuple[float, float] = (0.1, 0.7)  # of the noise that it begins from; above, it is another film
    haze: float = 0.2  # the most noise on the layouts it is shown


@dataclass(frozen=True)
class TextRecipe(Recipe):
    """Teach the text encoder to read a Shot out of its caption; nothing is filmed."""

    shots: int = 20_000  # distinct shots drawn before training
    typo_share: float = 0.3


@dataclass(frozen=True)
class TransformerRecipe(Recipe):
    """Train transformer and text encoder on latents; a stage's ``frames`` are latent frames."""

    text_rate: float = 0.3  # of the transformer's rates
    fields_weight: float = 0.05  # of the Shot head's loss
    early_weight: float = 0.25  # of the early head's loss
    subject_weight: float = 4.0  # of cells full of a subject against those of the background
    align_weight: float = 0.5  # of the alignment to the ground truth
    align_until: float = 0.75  # share of the budget; later it stops helping (HASTE, arXiv 2505.16792)
    route: float = 0.0  # share of cells that skips the middle blocks in training
    route_until: float = 0.75
    captions: tuple[float, float, float, float] = (0.45, 0.30, 0.15, 0.10)  # full, medium, terse, none
    typo_share: float = 0.1
    variants: int = 4  # captions of each length kept ready per shot
    sample_steps: int = 16
    guidance: float = 3.0


@dataclass(frozen=True)
class LayoutRecipe:
    """What a refiner is shown in training: what is filmed is laid out less surely than footage."""

    noise: float = 0.5  # at most
    filmed: float = 0.5  # share of layouts that are filmed anew, where there is somebody to do so
    filmed_from: tuple[float, float] = (0.3, 0.8)  # from which noise level on
    filmed_steps: int = 2


@dataclass(frozen=True)
class RefinerRecipe(TransformerRecipe):
    """Teach a transformer to make a film clear that is laid out on half as many cells a side."""

    layouts: LayoutRecipe = LayoutRecipe()
    shift: float = 2.0  # less than natural: much of what noise hides is in the layout


@dataclass(frozen=True)
class StudentRecipe(Recipe):
    """Teach a student to film in few unguided steps; a stage's ``frames`` are latent frames."""

    guidance: float = 3.0  # of the teacher
    teacher_steps: int = 16  # of the teacher in a whole film
    best_steps: int = 32  # of the films that samples are measured against
    step_counts: tuple[int, int, int] = (2, 4, 8)
    step_shares: tuple[float, float, float] = (0.2, 0.5, 0.3)
    shown_steps: int = 4
    remixed: float = 0.15  # share of films that begin at noisy footage
    layouts: LayoutRecipe = LayoutRecipe(noise=0.2)  # where a refiner is the teacher
    captions: tuple[float, float, float] = (0.2, 0.4, 0.4)  # full, medium, terse
    variants: int = 4


@dataclass(frozen=True)
class MatchingRecipe(StudentRecipe):
    """Go on teaching a student, by how its films differ from those that its guided teacher would make."""

    asked: float = 0.25  # share of steps in which it answers questions as before
    alone: float = 0.04  # share of the budget in which the echo learns and is not yet listened to
    echo_rate: float = 10.0  # of the student's rates: an echo that lags behind drives all films to one kind
    verdict: float = 0.0  # how much footage pulls at its films, where the teacher pulls by 1


@dataclass(frozen=True)
class ProbeRecipe(Recipe):
    """Train the evaluation probe on footage, some of it seen through an autoencoder where one is given."""

    decoded_share: float = 0.15
    align_weight: float = 1.0  # of telling, cell by cell, who is where


@dataclass(frozen=True)
class CameraRecipe(ProbeRecipe):
    """Train what reads the camera from motion, in a probe that otherwise stays as it is."""

    decoded_share: float = 0.25
    learnt: int = 96  # clips that a step learns from, of those looked at so far
    kept: int = 6000  # of those


@dataclass(frozen=True)
class EyesRecipe(Recipe):
    """Train the eyes on footage and its truth. ``purpose`` is written into the weights and decides who may
    look through them; two copies differ in seed, width of the finest scale and how their films are spoilt."""

    purpose: str = "evaluation"
    losses: EyesLossSettings = field(default_factory=EyesLossSettings)
    spoil: SpoilSettings = field(default_factory=SpoilSettings)
    decoded_share: float = 0.15  # of the batches, seen through an autoencoder where one is given
    zoomed: float = 0.6  # share of the batches seen through a longer lens: a small shoot looks larger
    zoom: float = 1.7  # how much longer at most
    fovea: bool = False  # with --start from eyes that look twice: their second look stays, and goes with them
    ids_only: bool = False  # footage whose truth was not told will do: who is where is known from its ids


@dataclass(frozen=True)
class FoveaRecipe(EyesRecipe):
    """Train a second, near look at whom the eyes find. The eyes themselves stay as they are."""

    fovea: bool = True
    ids_only: bool = True
    traits: float = 0.5  # weight of all traits together, against the kind's
    shift: float = 0.12  # of a window's side, by which it may be off
    grow: float = 0.3  # by how much it may be too large or too small
