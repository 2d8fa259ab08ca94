"""Quotes: seconds, memory, energy and price of a request before it is filmed, learned from what films took.

Every film made by the command leaves its timings in a small file in the user's own folder; a quote is the
median of the last of them, for the same weights and threads, scaled to the request. On first use one step and
two latents are timed. Rates stand in ``settings.toml`` beside it; the file says what each means.
"""

from __future__ import annotations

import json
import re
import statistics
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ozora.backends.backend import Backend
from ozora.backends.grid import PIXELS_PER_CELL
from ozora.backends.machine import computing, precision, thread_count
from ozora.director.auditions import KEPT_STEPS
from ozora.director.explore import with_finals
from ozora.director.fit import Fit
from ozora.director.plan import Plan, finer, plan, refining_steps
from ozora.director.qualities import sampling_for
from ozora.director.request import Request
from ozora.director.take import OnPhase, Phase, Receipt, peak_memory
from ozora.errors import OzoraError, refuse
from ozora.media.files import whole_file

KEPT, USED = 20, 5
"""Timings kept of each unit, and how many of the last a quote is the median of."""

SETTINGS_TEXT = """# What filming costs you: for quotes, budgets and the cost of accepted seconds.
[rates]
currency = "USD"
per_hour = 0.0            # of the machine, if you rent it
per_kilowatt_hour = 0.30  # of electricity
watts_per_core = 10.0     # what a busy core draws; a guess until you measure it
"""

SHARED_DECODING, EACH_LATENT = 7.0, 230.0
"""What decoding costs before its heads, for each cell and for each latent whatever its size, in cells painted
at scale 1: latents of 7×4 cells take 5.0 and 5.7 ms at scales 1 and 2, of 14×8 cells 12.5 and 17 (Zen 5)."""

EACH_PASS = 110.0
"""What a pass costs whatever its size, in cells: 28 cells take 3.0 ms, 364 take 8.0."""


@dataclass(frozen=True)
class Rates:
    """What time and energy cost the user, from ``settings.toml``."""

    currency: str = "USD"
    per_hour: float = 0.0
    per_kilowatt_hour: float = 0.30
    watts_per_core: float = 10.0

    def energy(self, cpu_seconds: float) -> float:
        """Watt-hours of so many processor seconds."""
        return cpu_seconds * self.watts_per_core / 3600

    def price(self, seconds: float, cpu_seconds: float) -> float:
        """Price of so many seconds at the machine, of which so many on its processors."""
        return seconds / 3600 * self.per_hour + self.energy(cpu_seconds) / 1000 * self.per_kilowatt_hour


@dataclass(frozen=True)
class Quote:
    """What a request will probably cost. ``memory`` in bytes; ``basis`` says what it is learned from."""

    seconds: float
    cpu_seconds: float
    memory: int
    rates: Rates
    basis: str

    @property
    def price(self) -> float:
        return self.rates.price(self.seconds, self.cpu_seconds)

    def __str__(self) -> str:
        energy = self.rates.energy(self.cpu_seconds)
        return (
            f"about {self.seconds:.1f} s ({self.cpu_seconds:.1f} s of processor), "
            f"{self.memory / 2**20:.0f} MiB at most, {energy:.3f} Wh, {self.price:.6f} {self.rates.currency} "
            f"({self.basis})"
        )


@dataclass(frozen=True)
class Budget:
    """At most so many ``seconds``, or so much money at the user's rates."""

    seconds: float | None = None
    price: float | None = None

    @classmethod
    def read(cls, text: str, rates: Rates) -> Budget:
        """Read ``20s``, ``3min`` or ``0.05USD``; raises ``OzoraError`` for anything else."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", text)
        units = {"s": 1.0, "min": 60.0, "h": 3600.0}
        allowed = f"seconds, minutes or money, such as 20s, 3min or 0.05{rates.currency}"
        if not found or float(found[1]) <= 0:
            raise refuse("budget", text, allowed)
        if found[2] in units:
            return cls(seconds=float(found[1]) * units[found[2]])
        if found[2].upper() != rates.currency.upper():
            raise refuse("budget", text, allowed)
        return cls(price=float(found[1]))

    def check(self, quote: Quote) -> None:
        """Refuse, before any compute, what will probably cost more."""
        if self.seconds is not None and quote.seconds > self.seconds:
            raise refuse("budget", f"{self.seconds:g} s", f"{quote.seconds:.1f} s or more for this request")
        if self.price is not None and quote.price > self.price:
            needed = f"{quote.price:.6f} {quote.rates.currency} or more for this request"
            raise refuse("budget", f"{self.price:g} {quote.rates.currency}", needed)


class BudgetSpentError(OzoraError):
    """A budget ran out on the way; the take is kept as far as it came."""


class Meter:
    """Stops the work, after a step, when a budget is spent."""

    def __init__(self, budget: Budget, rates: Rates) -> None:
        self.budget, self.rates = budget, rates
        self.began = time.perf_counter(), time.process_time()

    def watch(self, on_phase: OnPhase) -> OnPhase:
        """The same progress, which ends when the budget does."""

        def report(phase: Phase) -> None:
            on_phase(phase)
            # Between steps only: there the take is on the disk, and nothing of it is lost.
            if phase.name in ("denoise", "refine", "decode"):
                self.check()

        return report

    def check(self) -> None:
        """Raise if more was spent than the budget allows."""
        wall, cpu = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
        price = self.rates.price(wall, cpu)
        seconds_over = self.budget.seconds is not None and wall > self.budget.seconds
        if seconds_over or (self.budget.price is not None and price > self.budget.price):
            raise BudgetSpentError(
                f"budget: spent after {wall:.1f} s; `ozora resume FOLDER` finishes the films that began."
            )


class Timings:
    """What units of work took on this machine: a small JSON file, learned from and read at each quote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, dict[str, list[list[float]]]] = _read_json(path)

    def learn(self, key: str, units: Mapping[str, tuple[float, float]]) -> None:
        """Add (wall, processor) seconds of each unit and write the file."""
        rows = self.known.setdefault(key, {})
        for unit, (wall, cpu) in units.items():
            rows[unit] = [*rows.get(unit, []), [wall, cpu]][-KEPT:]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self.path) as temporary:
            temporary.write_text(json.dumps(self.known, indent=1, sort_keys=True) + "\n", "utf-8")

    def of(self, key: str, unit: str) -> tuple[float, float, int] | None:
        """Median (wall, processor) of a unit's last timings, and how many there are."""
        rows = self.known.get(key, {}).get(unit)
        if not rows:
            return None
        wall, cpu = (statistics.median(row[side] for row in rows[-USED:]) for side in (0, 1))
        return wall, cpu, len(rows)


def user_folder() -> Path:
    """Where settings and timings of this user are kept, as the system has it."""
    import typer

    return Path(typer.get_app_dir("ozora"))


def read_settings(folder: Path | None = None) -> Rates:
    """The user's rates; the file is written with its defaults on first use, to be edited.

    Raises ``OzoraError`` for a file that cannot be read or a rate that is none.
    """
    path = (folder or user_folder()) / "settings.toml"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as temporary:
                temporary.write_text(SETTINGS_TEXT, "utf-8")
        except (OSError, OzoraError):
            return Rates()  # a home that cannot be written is no reason not to film
    try:
        told = tomllib.loads(path.read_text("utf-8")).get("rates", {})
    except (OSError, ValueError) as error:
        raise refuse("settings", str(path), f"TOML that can be read ({error})") from error
    kinds = {name: type(value) for name, value in vars(Rates()).items()}
    for name, value in told.items():
        if name not in kinds:
            raise refuse(f"settings {path.name}", name, ", ".join(kinds))
        right = isinstance(value, str) if kinds[name] is str else _is_rate(value)
        if not right:
            raise refuse(f"settings {path.name}: {name}", value, "a number from 0 on, or a currency's name")
    return Rates(**{name: kinds[name](value) for name, value in told.items()})


def quote(
    backend: Backend, request: Request, timings: Timings, rates: Rates, *, drafts: int = 0
) -> Quote:
    """What ``request`` will cost, or exploring it with so many ``drafts``; calibrates on first use.

    Loading is counted once: so it is for whoever asks the command line for several takes.
    """
    request = with_finals(request, backend.card) if drafts else request
    planned = plan(request, backend.card)
    fitted = planned.fit
    settings = _settings(backend, request, fitted)
    key = _key(backend, settings)
    work = _draft_work(fitted, settings, drafts) if drafts else _work(fitted, settings, request.count)
    if not drafts and settings["drafts"] > 1:
        work = _added(work, _auditions(planned, settings), request.count)
    needed = [unit for unit in ("pass", "refined", "look") if work.get(unit)]
    if any(timings.of(key, unit) is None for unit in needed):
        with computing(settings["threads"], settings["precision"]):
            refined, looked = bool(settings["refining"]), "look" in needed
            units = calibration(backend, fitted, refined=refined, looked=looked)
        # What films have taught is better known than by one step.
        timings.learn(key, {unit: took for unit, took in units.items() if timings.of(key, unit) is None})
    sums, basis = [0.0, 0.0], 0
    for unit, amount in work.items():
        known = timings.of(key, unit)
        if known is not None:
            sums = [sums[0] + amount * known[0], sums[1] + amount * known[1]]
            basis = max(basis, known[2])
    memory = timings.of(key, "memory")
    told = f"learned from {basis} runs" if basis > 1 else "from one calibration step"
    return Quote(sums[0], sums[1], int(memory[0]) if memory else peak_memory(), rates, told)


def learn(backend: Backend, request: Request, fitted: Fit, receipt: Receipt, timings: Timings) -> None:
    """Remember what a take took; takes that an earlier run had begun teach nothing."""
    settings = _settings(backend, request, fitted)
    if not receipt.whole:
        return
    amounts = _work(fitted, settings, 1)
    phases = {
        "words": "words", "pass": "denoise", "refined": "refine", "decoded": "decode", "write": "write",
    }  # fmt: skip
    units = {
        unit: (receipt.seconds[phase] / amounts[unit], receipt.cpu_seconds[phase] / amounts[unit])
        for unit, phase in phases.items()
        if receipt.cpu_seconds.get(phase)
    }
    if settings["drafts"] > 1:  # some of its denoising was of drafts
        units.pop("pass", None)
    if receipt.seconds.get("load", 0.0) > 0.02:  # networks that were there already say nothing of loading
        units["load"] = receipt.seconds["load"], receipt.cpu_seconds["load"]
    most = float(peak_memory())
    timings.learn(_key(backend, settings), {**units, "memory": (most, most)})


def calibration(
    backend: Backend, fitted: Fit, *, refined: bool = False, looked: bool = False
) -> dict[str, tuple[float, float]]:
    """Time one step (and one of a refiner, and a draft's look) and two latents of exactly this film.

    Gives seconds by the clock and of processors, of each unit of work.
    """
    units: dict[str, tuple[float, float]] = {}

    def timed(unit: str, amount: float, work: Any) -> Any:
        began = time.perf_counter(), time.process_time()
        result = work()
        units[unit] = (
            (time.perf_counter() - began[0]) / amount,
            (time.process_time() - began[1]) / amount,
        )
        return result

    timed("load", 1, backend.load)
    words = timed("words", 1, lambda: backend.understand("a film"))
    fitted = replace(fitted, latents=min(fitted.latents, backend.card.grid.latents), filmed=None)
    start = backend.begin(cells=fitted.cells, latents=fitted.latents, seed=0, conditions=[])

    def step() -> Any:
        return backend.go_on(words, words, start, steps=2, guidance=2.0, until=1)

    step()  # the first pays for memory that later ones find ready
    moment = timed("pass", 2 * _tokens(fitted), step)
    few, shown = min(3, fitted.latents), moment.preview

    def silent(done: int, of: int) -> None:
        pass

    if looked:
        backend.look(shown)  # the first brings the eyes into memory
        timed("look", 1, lambda: backend.look(shown))
    if refined:
        layout, fitted = shown, finer(fitted)
        shown = timed(
            "refined", _tokens(fitted),
            lambda: backend.refine(words, layout, seed=0, steps=1, conditions=[], on_step=silent),
        )  # fmt: skip
    timed("decoded", _decoded(fitted, few), lambda: backend.decode(shown[:, :few], fitted.scale, silent))
    # Writing is guessed from decoding, beside which it runs, until a film was written: a quarter of it.
    share = 0.25 * _decoded(fitted, few) / _pixels(fitted, few)
    units["write"] = units["decoded"][0] * share, units["decoded"][1] * share
    most = float(peak_memory())
    return {**units, "memory": (most, most)}


def _work(fitted: Fit, settings: Mapping[str, Any], takes: int) -> dict[str, float]:
    """Amounts of each unit that so many takes need."""
    passes = settings["steps"] * (2 if settings["guidance"] != 1 else 1)
    shown = finer(fitted) if settings["refining"] else fitted
    return {
        "load": 1,
        "words": takes,
        "pass": takes * passes * _tokens(fitted),
        "refined": takes * settings["refining"] * _tokens(shown),
        "decoded": takes * _decoded(shown, fitted.latents),
        "write": takes * _pixels(fitted, fitted.latents),
    }


def _draft_work(fitted: Fit, settings: Mapping[str, Any], drafts: int) -> dict[str, float]:
    kept = KEPT_STEPS * (2 if settings["guidance"] != 1 else 1)
    return {"load": 1, "words": 1, "pass": drafts * (kept + 1) * _tokens(fitted), "look": drafts}


def _auditions(planned: Plan, settings: Mapping[str, Any]) -> dict[str, float]:
    """What choosing from drafts adds to a take: wherever something begins, so many of them."""
    begin = [window for window in planned.line.windows if not window.reopened]
    alone = replace(planned.fit, filmed=sum(map(len, begin)))
    work = _draft_work(alone, settings, settings["drafts"])
    return {"pass": work["pass"], "look": len(begin) * work["look"]}


def _added(work: Mapping[str, float], more: Mapping[str, float], times: int) -> dict[str, float]:
    return {unit: work.get(unit, 0) + times * more.get(unit, 0) for unit in (*work, *more)}


def _tokens(fitted: Fit) -> float:
    latents = fitted.latents if fitted.filmed is None else fitted.filmed
    return EACH_PASS + latents * fitted.cells[0] * fitted.cells[1]


def _decoded(fitted: Fit, latents: int) -> float:
    """Cells to be decoded, by what they cost: what a latent does, what sizes share, the pixels of one."""
    return latents * (EACH_LATENT + fitted.cells[0] * fitted.cells[1] * (SHARED_DECODING + fitted.scale**2))


def _pixels(fitted: Fit, latents: int) -> float:
    return float(latents * fitted.cells[0] * fitted.cells[1] * (PIXELS_PER_CELL * fitted.scale) ** 2)


def _settings(backend: Backend, request: Request, fitted: Fit) -> dict[str, Any]:
    sampling = sampling_for(request, backend.card)
    return {
        "steps": sampling.steps,
        "guidance": sampling.guidance,
        "refining": refining_steps(sampling.refining, fitted),
        "drafts": sampling.drafts,
        "threads": request.threads or thread_count(),
        "precision": request.precision or precision(),
    }


def _key(backend: Backend, settings: Mapping[str, Any]) -> str:
    how = f"{settings['threads']} threads, {settings['precision']}"
    return f"{backend.card.name} {backend.card.hash[:12]}, {how}"


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
        for rows in found.values():
            for row in rows.values():
                [(float(wall), float(cpu)) for wall, cpu in row]
        return dict(found)
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
