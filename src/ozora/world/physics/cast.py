"""Which solids may do what to which: the cast of every scene that is simulated, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

RATE = 60
"""Poses recorded in a second of a scene."""

SOLIDS = ("ball", "cube", "cone", "cylinder", "ring")
TOGETHER: dict[str, int] = {"collide": 2, "push": 2, "stack": 2, "topple": 3}
"""Action of the first subject → how many solids take part in it; the others stand until it reaches them."""

ALONE: dict[str, tuple[str, ...]] = {
    "fall": ("ball", "cube", "ring"),
    "tumble": ("cube", "cone", "cylinder", "ring"),
}
"""Action → the solids that do it as they were simulated doing it, with nobody else."""

CASTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "collide": tuple(product(SOLIDS, SOLIDS)),
    "push": tuple(product(("cube", "cylinder"), SOLIDS)),
    "stack": (
        *product(("cube", "cone", "cylinder", "ring"), ("cube", "cylinder")),
        ("ball", "ring"),
        ("ring", "cone"),
    ),
    "topple": tuple(
        product(("ball", "cube", "cylinder"), ("cube", "cylinder"), ("cube", "cylinder", "cone"))
    ),
    **{action: tuple((kind,) for kind in kinds) for action, kinds in ALONE.items()},
}
"""Action → kinds of those who take part, in the shot's order; a stack is named from its foot."""

SIZES = ("small", "medium", "large")
RATIO = 1.5
"""How many times one size is as large as the next smaller, where two solids meet."""

STEPS: dict[str, tuple[int, ...]] = {
    "collide": (-2, -1, 0, 1, 2), "push": (0, 1, 2), "stack": (-1, 0, 1), "topple": (0,),
    **dict.fromkeys(ALONE, (0,)),
}  # fmt: skip
"""Action → by how many sizes the first may be larger than the second."""

_FITTING: dict[tuple[str, ...], tuple[int, ...]] = {("ball", "ring"): (0, 1), ("ring", "cone"): (-1, 0)}
"""Stacks in which the sizes matter: a small ball falls through a ring, a large ring over a cone."""

SPEEDS = ("slow", "normal", "fast")


@dataclass(frozen=True)
class Scene:
    """One scene to simulate, or that was: who does what, how much larger the first is, and how fast."""

    action: str
    kinds: tuple[str, ...]
    step: int
    speed: str

    @property
    def key(self) -> str:
        """The scene's name in the library."""
        return f"{self.action} {' '.join(self.kinds)} {self.step:+d} {self.speed}"

    @property
    def sizes(self) -> tuple[float, ...]:
        """How many times its unit size each solid has: the last ones 1."""
        return (RATIO**self.step, *(1.0 for _ in self.kinds[1:]))


def steps(action: str, kinds: tuple[str, ...]) -> tuple[int, ...]:
    """By how many sizes the first of these may be larger than the second."""
    return _FITTING.get(kinds, STEPS[action]) if action == "stack" else STEPS[action]


def fitting_sizes(action: str, kinds: tuple[str, ...], size: str) -> tuple[str, ...]:
    """Sizes that the others may have when the first has this one."""
    mine = SIZES.index(size)
    return tuple(other for place, other in enumerate(SIZES) if mine - place in steps(action, kinds))


def scenes() -> tuple[Scene, ...]:
    """Every scene of the library, in its order."""
    return tuple(
        Scene(action, kinds, step, speed)
        for action, casts in CASTS.items()
        for kinds in casts
        for step in steps(action, kinds)
        for speed in SPEEDS
    )


def plays(kind: str, action: str) -> bool:
    """Whether a subject of this kind does this action as it was simulated."""
    return action in TOGETHER or kind in ALONE.get(action, ())
