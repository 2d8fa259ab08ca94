"""`ozora explore` and `ozora finish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ozora.cli import options
from ozora.cli.films import caption_for, length_for
from ozora.errors import OzoraError, refuse

if TYPE_CHECKING:
    from rich.text import Text

    from ozora.cli.purse import Purse
    from ozora.director.explore import Draft
    from ozora.director.library import Library
    from ozora.media.clip import Frames

EXAMPLES = """
[bold]Examples[/]

  ozora explore "a red fox runs across a snowy field at dusk" --drafts 8

  ozora finish a-red-fox-runs-across-a-3

  ozora explore "a balloon over dunes" --finish --budget 30s
"""
HERE = Path("takes")


def explore(
    prompt: options.Prompt,
    drafts: Annotated[int, typer.Option(help="How many drafts.")] = 8,
    folder: Annotated[Path, typer.Option("--folder", "-f", help="Folder of the takes.")] = HERE,
    seconds: options.Seconds = None,
    size: options.Size = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the first draft; the others count up.")] = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    quality: Annotated[str | None, typer.Option(help="Quality of the final, high by default.")] = None,
    refining: options.Refining = None,
    negative: options.Negative = None,
    image: options.Image = None,
    as_is: options.AsIs = False,
    threads: options.Threads = None,
    precision: options.Precision = None,
    weights: options.Weights = None,
    finish_best: Annotated[
        bool, typer.Option("--finish", help="Finish the best draft at once, without asking.")
    ] = False,
    quote: Annotated[
        bool, typer.Option("--quote", help="Only tell what the drafts would cost.")
    ] = False,
    budget: options.Budget = None,
) -> None:
    """Make cheap drafts, rank them, and finish the one you pick.

    Broken drafts are dropped with a reason and near-duplicates folded; a sheet of all lies in the folder.
    """
    from ozora.director.request import Request

    if not folder.parent.is_dir():
        raise refuse("folder", str(folder), "a folder, or a name for one inside a folder that exists")
    settings = {
        "negative": negative, "seconds": length_for(prompt, seconds, as_is), "size": size, "seed": seed,
        "steps": steps, "guidance": guidance, "quality": quality, "refining": refining, "image": image,
        "threads": threads, "precision": precision, "caption": caption_for(prompt, as_is),
    }  # fmt: skip
    request = Request(prompt, **{name: value for name, value in settings.items() if value is not None})  # type: ignore[arg-type]

    from ozora.cli.purse import Purse
    from ozora.cli.show import plain, said, told
    from ozora.cli.stopping import gentle_stop
    from ozora.director.api import Ozora
    from ozora.director.explore import explore as make_drafts
    from ozora.director.explore import require_drafts
    from ozora.director.explore import told as verdict
    from ozora.director.library import Library
    from ozora.media.files import require_folder

    require_drafts(drafts)
    require_folder(folder, "folder")
    backend = Ozora(weights).backend
    purse, library = Purse(budget), Library(folder)
    if quote or budget:
        told_quote = purse.quote(backend, request, drafts)
        if quote:
            said.print(str(told_quote))
            return
    with gentle_stop() as stopping, Wall(drafts) as wall:
        watch = stopping.watch(purse.watch(lambda phase: None))
        best = make_drafts(backend, request, library, drafts=drafts, on_draft=wall, on_phase=watch)
    for place, draft in enumerate(best, start=1):
        style = "grey50" if draft.verdict.why or draft.twin_of else ""
        said.print(f"{place}. [bold]{draft.name}[/]  seed {draft.seed}, {verdict(draft)}", style=style)
    said.print(f"[bold]{plain(folder / sheet_name(best))}[/]")
    chosen = _pick(best, finish_best)
    if chosen is None:
        told.print(f"ozora finish {best[0].name} -f {plain(folder)}  makes a final of one", style="grey50")
        return
    _finish(library, chosen, purse, weights)


def sheet_name(drafts: list[Draft]) -> str:
    """What the sheet of these drafts is called."""
    return drafts[0].name.rpartition("-")[0] + "-sheet.png"


def finish(
    name: Annotated[str, typer.Argument(help="Name of a draft, as `ozora explore` told it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The film; NAME-final.mp4 in the folder by default.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", "-f", help="Folder of the takes.")] = HERE,
    way: Annotated[
        str,
        typer.Option(
            help="resume: the draft's own film, to the bit. lift: on from where it was heading, perhaps "
            "larger or in more steps. 'new take': the same words and seed, anew."
        ),
    ] = "resume",
    size: options.Size = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps, for lift and new take.")] = None,
    strength: Annotated[float, typer.Option(help="How much of a lifted film is made anew.")] = 0.8,
    weights: Annotated[str | None, typer.Option(help="Where the draft's weights lie, if moved.")] = None,
    budget: options.Budget = None,
) -> None:
    """Make the final from a draft's own latents."""
    from ozora.cli.purse import Purse
    from ozora.director.library import Library

    if output is not None and output.suffix.lower() != ".mp4":
        raise refuse("output", output.name, "a name ending in .mp4")
    settings = {"output": output, "way": way, "size": size, "steps": steps, "strength": strength}
    _finish(Library(folder), name, Purse(budget), weights, **settings)


def _finish(library: Library, name: str, purse: Purse, weights: str | None, **settings: Any) -> None:
    from ozora.cli.show import PhaseBars, say_take
    from ozora.cli.stopping import gentle_stop
    from ozora.director.api import opener
    from ozora.director.finish import finish as make_final
    from ozora.director.states import read_waiting

    entry = library.get(name)
    if not entry.draft.is_file():
        raise refuse("take", name, "a draft, as `ozora explore` makes them")
    backend = opener(weights)(read_waiting(entry.draft).order.get("weights"))
    with gentle_stop() as stopping, PhaseBars(1) as bars:
        watch = stopping.watch(purse.watch(bars))
        film, take = make_final(backend, library, entry.name, on_phase=watch, **settings)
    say_take(film, take)


def _pick(best: list[Draft], first: bool) -> str | None:
    """The draft to finish: the first, or the one that somebody at the terminal names."""
    import sys

    if first:
        if best[0].verdict.why:
            why = best[0].verdict.why
            raise OzoraError(f"finish: every draft was dropped, the first of them as {why}.")
        return best[0].name
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    answer = typer.prompt(f"Finish which (1 to {len(best)}, 0 for none)?", default=1, type=int, err=True)
    return best[answer - 1].name if 1 <= answer <= len(best) else None


class Wall:
    """Live previews of drafts in the terminal, two pixels a character; silent where nobody watches."""

    def __init__(self, drafts: int) -> None:
        from rich.live import Live

        from ozora.cli.show import told

        self.drafts, self.made = drafts, []  # type: ignore[var-annotated]
        self.live = Live(console=told, refresh_per_second=4) if told.is_terminal else None
        self.width = told.width

    def __enter__(self) -> Wall:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *problem: Any) -> None:
        if self.live:
            self.live.stop()

    def __call__(self, draft: Draft) -> None:
        self.made.append(draft)
        if self.live:
            self.live.update(self.picture())

    def picture(self) -> Any:
        """All drafts so far, side by side as the terminal is wide."""
        from rich.columns import Columns
        from rich.panel import Panel

        panels = [
            Panel.fit(
                half_blocks(draft.preview[len(draft.preview) // 2]),
                title=f"{number}", subtitle="dropped" if draft.verdict.why else f"{draft.verdict.score:.2f}",
            )
            for number, draft in enumerate(self.made, start=1)
        ]  # fmt: skip
        return Columns([*panels, f"{len(self.made)}/{self.drafts} drafts"])


def half_blocks(frame: Frames) -> Text:
    """A tiny frame (H, W, 3) as text: each character shows two pixels, one above the other."""
    from rich.text import Text

    text = Text(no_wrap=True)
    for row in range(0, frame.shape[0] - 1, 2):
        for upper, lower in zip(frame[row].tolist(), frame[row + 1].tolist(), strict=True):
            text.append("▀", style=f"rgb({','.join(map(str, upper))}) on rgb({','.join(map(str, lower))})")
        text.append("\n")
    text.rstrip()
    return text
