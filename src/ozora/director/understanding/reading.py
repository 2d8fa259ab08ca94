"""What was understood of a prompt, as data: fields with their words, what is open, what conflicts."""

from __future__ import annotations

from dataclasses import dataclass, field

Span = tuple[int, int]
"""First character and the one after the last, in the prompt."""

SUBJECT_FIELDS = (
    "kind", "count", "colour", "material", "size", "action", "then", "speed", "direction", "position",
)  # fmt: skip
SCENE_FIELDS = (
    "place", "time", "weather", "camera", "framing", "height", "look", "occluder", "later", "cut", "relation",
    "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """One value, how surely it was read (0..1), and the words it was read from."""

    value: str
    sure: float
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class SubjectReading:
    """What the words say of one subject, by the names of ``SUBJECT_FIELDS``; ``kind`` is always there."""

    fields: dict[str, Understood]

    @property
    def kind(self) -> str:
        """What it is."""
        return self.fields["kind"].value


@dataclass(frozen=True)
class Conflict:
    """A field for which the words ask two things, or something that cannot be filmed."""

    field: str
    values: tuple[str, ...]
    taken: str | None
    why: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Unknown:
    """A word that means nothing to the film set, and the nearest concept where there is a sensible one."""

    word: str
    span: Span
    nearest: str | None = None


@dataclass(frozen=True)
class Correction:
    """A word that was read as another, for it looks like a slip of the pen."""

    word: str
    read_as: str
    span: Span


@dataclass(frozen=True)
class Beat:
    """One card of a storyboard: its words, how long, who does what, the camera."""

    words: str
    span: Span
    seconds: float
    subjects: tuple[SubjectReading, ...]
    scene: dict[str, Understood]


@dataclass(frozen=True)
class Reading:
    """All that was understood of a prompt.

    ``subjects`` and ``scene`` tell of the whole prompt as one shot; ``beats`` cut it into cards of a
    storyboard, one where the prompt is one shot. ``without`` are values that the words exclude, by field;
    ``unused`` are words that the film set knows, but that have nobody to speak of here.
    """

    prompt: str
    language: str
    subjects: tuple[SubjectReading, ...]
    scene: dict[str, Understood]
    without: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    unused: tuple[Unknown, ...] = ()
    corrections: tuple[Correction, ...] = ()
    beats: tuple[Beat, ...] = field(default=())

    @property
    def open(self) -> tuple[str, ...]:
        """Fields that the words leave open: of the scene, and of each subject ("subjects[0].colour")."""
        told = [] if self.subjects else ["subjects"]
        for index, subject in enumerate(self.subjects):
            told += [f"subjects[{index}].{name}" for name in SUBJECT_FIELDS if name not in subject.fields]
        return (*told, *(name for name in SCENE_FIELDS if name not in self.scene))

    def values(self) -> dict[str, str]:
        """What was read by the names of ``concepts.FIELDS``; what is open is left out."""
        found = {name: read.value for name, read in self.scene.items() if name != "seconds"}
        if self.subjects:
            first = self.subjects[0].fields
            found |= {"subject" if name == "kind" else name: read.value for name, read in first.items()}
        if len(self.subjects) > 1:
            found["second_subject"] = self.subjects[1].kind
        if "cut" in found:
            found["cut"] = "cut"
        return found
