"""The same shots in other words: paraphrases, synonyms, slips of the pen, seven more languages.

Each row puts the same drawn shots in words in another way and counts what of them is read right (no film is
made; seconds), and with ``--films N`` what the probe finds in the films of the first N of them, in subject,
colour, action, place and time. Each figure stands beside plain English's (the captioner's short sentences),
as a share of it with the 95 % interval of a paired bootstrap over shots.

    python benchmarks/words.py --seed 11 --shots 300
    python benchmarks/words.py --seed 11 --films 40 --out runs/words      # goes on where it was stopped

The wordings lie in ``wordings/``, written by hand before anybody looked which of them the reader knows, and
are no part of the captioner: ``practice`` is what the reader was mended with, ``final`` what it was not.
``thesauri`` are single words that public thesauri and dictionaries list for a few concepts: somebody else's
idea of a synonym. The reader was mended after the first list was counted; the second it had never met.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from ozora.director.understanding.recaption import caption_for
from ozora.director.understanding.understand import understand
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.world.captions import shot_fields, typo
from ozora.world.languages import CODES, telling

AXES = ("subject", "colour", "action", "place", "time")
REMARKS = ("camera",)
KNOWN = {
    "subject": ("fox", "horse", "bird", "person", "ball", "cube", "balloon", "sailboat"),
    "place": ("snowfield", "meadow", "dunes", "sea", "tabletop"),
    "time": ("dawn", "noon", "sunset", "dusk", "night"),
    "action": ("stand", "walk", "run", "fly", "roll", "bounce", "spin", "slide", "rise", "drift", "sail"),
    "colour": ("natural", "red", "orange", "yellow", "green", "blue", "purple", "white", "black", "brown",
               "pink"),
    "camera": ("static", "pan", "dolly", "orbit", "follow"), "weather": ("clear", "fog", "snow"),
}  # fmt: skip
"""What the shipped weights and their probe know."""
BARS = {"paraphrase": 0.90, "synonym": 0.85, "typos": 0.85, **dict.fromkeys(CODES[1:], 0.75)}
LISTS = ("practice", "final")
_FOLDER = Path(__file__).parent / "wordings"
_MOST_TRIES = 60
_RESAMPLES = 2000


@dataclass(frozen=True)
class Case:
    """One shot in words, and what of it the words tell: axis → value."""

    text: str
    told: Mapping[str, str]


Teller = Callable[[Prompt, int], Case]


# --- the same shots in words --------------------------------------------------------------------------------


def told_of(prompt: Prompt, *remarks: str) -> dict[str, str]:
    """What every wording tells of a shot; a colour only where it is not the subject's own."""
    fields = shot_fields(prompt.shot)
    return {axis: fields[axis] for axis in (*AXES, *remarks) if fields[axis] != "natural"}


def caption_of(code: str, prompt: Prompt, number: int) -> Case:
    """A short caption of the captioner that tells everything that is counted."""
    told = told_of(prompt)
    for attempt in range(_MOST_TRIES):
        style = ("terse", "medium")[attempt % 2] if attempt < _MOST_TRIES // 2 else "full"
        text, facts = telling(prompt.shot, style, number * 1000 + attempt, code)
        verb = code != "en" or "action" in understand(text, "en").values()
        if verb and {"time"} <= facts and ("colour" in facts or "colour" not in told):
            break
    return Case(text, told)


def misspelt(prompt: Prompt, number: int) -> Case:
    """The plain caption with a tenth of its letters misspelt."""
    plain = caption_of("en", prompt, number)
    return Case(typo(plain.text, 0.1, number), plain.told)


@cache
def wordings(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def in_english(book: str, part: str, prompt: Prompt, number: int) -> Case:
    """One of a person's patterns filled with the person's words."""
    words = wordings(f"english_{book}")[part]
    rng = Random(f"ozora words {book} {part} {number}")
    fields = shot_fields(prompt.shot)
    noun = rng.choice(words["subject"][fields["subject"]])
    if fields["colour"] == "natural":
        np = f"a {noun}"
    elif fields["subject"] == "person":
        np = f"a {noun} in {rng.choice(words['colour'][fields['colour']])} clothes"
    else:
        np = f"a {rng.choice(words['colour'][fields['colour']])} {noun}"
    np = f"an {np[2:]}" if np[2] in "aeiou" else np
    finite, doing, did = rng.choice(words["action"][fields["action"]])
    place, setting = rng.choice(words["place"][fields["place"]])
    time, hour = rng.choice(words["time"][fields["time"]])
    camera = rng.choice(words.get("camera", {}).get(fields["camera"], [""]))
    slots = {"np": np, "s": finite, "ing": doing, "ed": did, "place": place, "setting": setting, "time": time,
             "hour": hour, "camera": camera}  # fmt: skip
    pattern = rng.choice(words["patterns"])
    remarks = REMARKS if "{camera}" in pattern else ()
    return Case(filled(pattern, slots), told_of(prompt, *remarks))


def in_language(code: str, book: str, prompt: Prompt, number: int) -> Case:
    """One of a person's patterns in another language."""
    words, which = wordings("languages")[code], LISTS.index(book)
    rng = Random(f"ozora words {code} {book} {number}")
    fields = shot_fields(prompt.shot)
    kind, noun = words["subject"][fields["subject"]][which]

    def by_kind(table: Any) -> str:
        return table if isinstance(table, str) else table.get(kind, table.get("*"))

    colour = "" if fields["colour"] == "natural" else by_kind(words["colour"][fields["colour"]])
    pattern = by_kind(words["np"] if colour else words["bare"])
    slots = {name: words[axis][fields[axis]][which]
             for name, axis in (("s", "action"), ("place", "place"), ("time", "time"))}  # fmt: skip
    slots["np"] = pattern.format(kind=kind, noun=noun, colour=colour)
    return Case(filled(rng.choice(words["patterns"][which]), slots), told_of(prompt))


def filled(pattern: str, slots: Mapping[str, str]) -> str:
    """A pattern with its slots filled: {np}, {Np} with a capital, {NP} all in capitals."""
    for name, words in slots.items():
        pattern = pattern.replace("{" + name + "}", words).replace("{" + name.upper() + "}", words.upper())
        pattern = pattern.replace("{" + name.capitalize() + "}", words[:1].upper() + words[1:])
    return pattern


def tellers() -> dict[str, tuple[str, Teller]]:
    """Every row of the table: its name → which bar it has to reach, and how it tells a shot."""
    rows: dict[str, tuple[str, Teller]] = {"plain English": ("", lambda p, n: caption_of("en", p, n))}
    for book in LISTS:
        for part in ("paraphrase", "synonym"):
            rows[f"{part}s, {book}"] = (part, lambda p, n, b=book, t=part: in_english(b, t, p, n))
    rows["a tenth of letters misspelt"] = ("typos", misspelt)
    for code in CODES[1:]:
        rows[f"{code}, captions"] = (code, lambda p, n, c=code: caption_of(c, p, n))
        for book in LISTS:
            rows[f"{code}, {book}"] = (code, lambda p, n, c=code, b=book: in_language(c, b, p, n))
    return rows


def of_thesauri(part: str) -> list[tuple[str, str, str, str | None]]:
    """(word, axis, value, what it is read as) of words that thesauri list, each in a plain sentence."""
    found = []
    for axis, sentences in wordings("thesauri")[part].items():
        for sentence, values in sentences.items():
            for value, words in values.items():
                for word in words:
                    read = understand(sentence.format(word=word)).values().get(axis)
                    found.append((word, axis, value, read))
    return found


# --- counting -----------------------------------------------------------------------------------------------


@dataclass
class Row:
    """One row: per shot, axis → whether it came right."""

    name: str
    bar: float | None
    right: list[dict[str, bool]]

    def share(self, axis: str = "") -> float:
        """Of all that was told, or of one axis, the share that came right."""
        wanted = (axis,) if axis else AXES
        counted = [ok for one in self.right for name, ok in one.items() if name in wanted]
        return float(np.mean(counted)) if counted else float("nan")

    def beside(self, plain: Row) -> tuple[float, float, float]:
        """This row's share as a share of plain English's, and the 95 % interval over shots."""
        mine, its = self._sums(), plain._sums()[: len(self.right)]
        rng = np.random.default_rng(0)
        drawn = rng.integers(0, len(mine), (_RESAMPLES, len(mine)))
        ratios = _ratio(mine[drawn].sum(1)) / _ratio(its[drawn].sum(1))
        low, high = np.quantile(ratios, (0.025, 0.975))
        return float(_ratio(mine.sum(0)) / _ratio(its.sum(0))), float(low), float(high)

    def _sums(self) -> Any:
        """(shots, 2): how many axes came right, how many were told."""
        counted = [[ok for axis, ok in one.items() if axis in AXES] for one in self.right]
        return np.array([[sum(one), len(one)] for one in counted], float)


def _ratio(sums: Any) -> Any:
    return sums[..., 0] / sums[..., 1]


def read_row(name: str, bar: float | None, cases: list[Case], show: str, console: Console) -> Row:
    """What the reader makes of the words; ``show`` is an axis whose misreadings are printed."""
    right = []
    for case in cases:
        values = understand(case.text).values()
        right.append({axis: values.get(axis) == value for axis, value in case.told.items()})
        for axis, ok in right[-1].items():
            if not ok and show in (axis, "all"):
                line = f"{name} | {axis} {case.told[axis]} read as {values.get(axis)} | {case.text!r}"
                console.print(line, highlight=False, soft_wrap=True, markup=False)
    return Row(name, bar, right)


def film_rows(
    told: Mapping[str, list[Case]], prompts: list[Prompt], bars: Mapping[str, float | None], out: Path | None
) -> Iterator[Row]:
    """Film each case as ``ozora generate`` would, with the same seed in every row, and ask the probe."""
    from ozora import Ozora
    from ozora.backends.weights import find_probe
    from ozora.evaluate.films import kept
    from ozora.evaluate.looking import look
    from ozora.evaluate.probe import load_probe

    maker, probe = Ozora(), load_probe(find_probe())
    identity = maker.card.hash
    for name, cases in told.items():
        right = []
        for number, (case, prompt) in enumerate(zip(cases, prompts, strict=True)):
            caption = caption_for(case.text)
            note = {"caption": caption or case.text, "seed": number, "identity": identity}
            key = hashlib.sha256(json.dumps(note, sort_keys=True).encode()).hexdigest()[:20]
            path = out and out / "films" / f"{key}.png"

            def film(words: str = case.text, said: str | None = caption, seed: int = number) -> Any:
                return maker.generate(words, caption=said, seed=seed).clip.frames

            shows = look(probe, kept(path, note, film), prompt, maker.card.grid.fps).shows
            right.append({axis: shows[axis] == value for axis, value in case.told.items() if axis in AXES})
        yield Row(name, bars[name], right)


def table_of(title: str, rows: list[Row]) -> Table:
    """Shares in per cent by axis, and of plain English."""
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for head in ("words", *AXES, *REMARKS, "all", "of plain", "95 %", "bar"):
        table.add_column(head, justify="left" if head == "words" else "right")
    for row in rows:
        cells = [f"{100 * row.share(axis):.0f}" if any(axis in one for one in row.right) else "–"
                 for axis in (*AXES, *REMARKS)]  # fmt: skip
        of, low, high = row.beside(rows[0])
        bar = "" if row.bar is None else f"{100 * row.bar:.0f} {'yes' if of >= row.bar else '**no**'}"
        table.add_row(row.name, *cells, f"{100 * row.share():.1f}", f"{100 * of:.1f}",
                      f"{100 * low:.0f}–{100 * high:.0f}", bar)  # fmt: skip
    return table


def main() -> None:
    """Print the tables."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--seed", type=int, default=11, help="which shots are drawn")
    parser.add_argument("--shots", type=int, default=300)
    parser.add_argument("--films", type=int, default=0, help="of how many shots films are made")
    parser.add_argument("--rows", default="", help="only rows whose name has one of these, parted by |")
    parser.add_argument("--out", type=Path, help="folder for films and figures")
    parser.add_argument("--show", default="", help="an axis whose misreadings are printed, or all")
    asked = parser.parse_args()
    console = Console(width=150)
    prompts = list(read_prompts(f"seed:{asked.seed}:{max(asked.shots, asked.films)}", KNOWN))
    rows = {
        name: row
        for name, row in tellers().items()
        if not row[0] or not asked.rows or any(one in name for one in asked.rows.split("|"))
    }
    bars = {name: BARS.get(bar) for name, (bar, _) in rows.items()}
    told = {name: [tell(one, at) for at, one in enumerate(prompts)] for name, (_, tell) in rows.items()}
    read = [
        read_row(name, bars[name], cases[: asked.shots], asked.show, console) for name, cases in told.items()
    ]
    console.print(table_of(f"read right of {asked.shots} shots, in per cent", read))
    for part in wordings("thesauri"):
        listed = of_thesauri(part)
        wrong = [one for one in listed if one[3] != one[2]]
        missed = [f"{word} ({axis} {value}: {got or 'open'})" for word, axis, value, got in wrong]
        right = f"{len(listed) - len(missed)} of {len(listed)}"
        console.print(f"words of thesauri, {part} list, read right: {right}; not: {', '.join(missed)}")
    found = {"read": read}
    if asked.films:
        some = {name: cases[: asked.films] for name, cases in told.items()}
        found["films"] = []
        for row in film_rows(some, prompts[: asked.films], bars, asked.out):
            found["films"].append(row)
            console.print(f"{row.name}: {100 * row.share():.1f}", style="grey50")
        console.print(table_of(f"found in films of {asked.films} shots, in per cent", found["films"]))
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        about = {"seed": asked.seed, "shots": asked.shots, "films": asked.films}
        told_of_all = {
            part: [{"row": row.name, "right": row.right} for row in some] for part, some in found.items()
        }
        text = json.dumps(about | told_of_all, indent=1) + "\n"
        (asked.out / "words.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
