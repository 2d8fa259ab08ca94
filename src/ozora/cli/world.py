"""`ozora world`: look at the film set, film a shot, shoot footage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ozora.cli.options import check_device
from ozora.errors import refuse

app = typer.Typer(
    no_args_is_help=True, help="The film set: shots described, filmed and shown.", rich_markup_mode="rich"
)

Output = Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")]
Size = Annotated[str, typer.Option(help="Width x height in pixels.")]


@app.command("film")
def film(
    shot: Annotated[Path, typer.Argument(help="A shot as JSON; `ozora world sample` writes one.")],
    output: Output,
    size: Size = "448x256",
    supersample: Annotated[
        int, typer.Option(help="Rays a side of a pixel: 2 is smoother and 4 times slower.")
    ] = 1,
    depth: Annotated[
        bool, typer.Option("--depth", help="Also write NAME.depth.mp4, near is bright.")
    ] = False,
    ids: Annotated[
        bool, typer.Option("--ids", help="Also write NAME.ids.mp4, one colour for each subject.")
    ] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Film a shot.

    [bold]Example[/]: ozora world sample --seed 3 -o shot.json && ozora world film shot.json -o shot.mp4
    """
    from ozora.media.files import require_writable
    from ozora.world.shot import read_shot

    described = read_shot(shot)
    width, height = _even(size)
    if not 1 <= supersample <= 4:
        raise refuse("supersample", supersample, "1 to 4")
    if output.suffix.lower() != ".mp4":
        raise refuse("output", output.name, "a name ending in .mp4")
    extras = {
        kind: output.with_name(f"{output.stem}.{kind}.mp4")
        for kind, on in (("depth", depth), ("ids", ids))
        if on
    }
    for path in (output, *extras.values()):
        require_writable(path)
    check_device(device)

    from ozora.cli.show import bar, plain, said
    from ozora.media.clip import Clip
    from ozora.media.video import write_clip
    from ozora.world.captions import caption
    from ozora.world.film import film as shoot_film

    about = {"shot": described.to_json(), "prompt": caption(described, "medium", described.seed)}
    with bar() as progress:
        row = progress.add_task("filming", total=1)
        filmed = shoot_film(described, width, height, supersample=supersample, device=device)
        progress.update(row, completed=1)
    write_clip(Clip(filmed.frames.numpy(), described.fps, about), output)
    said.print(f"[bold]{plain(output)}[/]  {len(filmed.frames)} frames: {about['prompt']}")
    shown = {"depth": lambda: depth_picture(filmed.depth), "ids": lambda: id_picture(filmed.ids)}
    for kind, path in extras.items():
        write_clip(Clip(shown[kind](), described.fps, about), path)
        said.print(f"[bold]{plain(path)}[/]")


@app.command("sample")
def sample(
    seed: Annotated[int, typer.Option(help="Same seed, same shot.", min=0)] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the shot's JSON here.")] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only combinations that training never sees.")
    ] = False,
    language: Annotated[str, typer.Option(help="en, zh, es, fr, de, ja, hi or ar.")] = "en",
) -> None:
    """Draw a random shot: its captions, and its JSON."""
    from ozora.media.files import require_writable, whole_file
    from ozora.world.languages import STYLES, caption
    from ozora.world.sampling import sample_shot

    if output is not None:
        require_writable(output)
    shot = sample_shot(seed, held_out=held_out)
    from ozora.cli.show import plain, said, told

    text = json.dumps(shot.to_json(), indent=2, ensure_ascii=False) + "\n"
    for style in STYLES:
        told.print(f"[grey50]{style:>6}[/]  {caption(shot, style, seed, language)}")
    if output is None:
        typer.echo(text, nl=False)
        return
    with whole_file(output) as temporary:
        temporary.write_text(text, "utf-8")
    said.print(f"[bold]{plain(output)}[/]")


@app.command("sheet")
def sheet(
    output: Output,
    count: Annotated[int, typer.Option(help="How many shots.", min=1, max=200)] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the first shot.", min=0)] = 0,
    frames: Annotated[int, typer.Option(help="Moments shown of each shot.", min=1, max=8)] = 1,
    columns: Annotated[int | None, typer.Option(help="Shots in a row.", min=1)] = None,
    size: Size = "224x128",
    supersample: Annotated[int, typer.Option(help="Rays a side of a pixel.", min=1, max=4)] = 2,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only combinations that training never sees.")
    ] = False,
) -> None:
    """Show random shots on one sheet, each with its caption.

    [bold]Example[/]: ozora world sheet -o sheet.png --count 24 --frames 3
    """
    from ozora.media.files import require_writable

    width, height = _even(size)
    _check_picture(require_writable(output))
    from ozora.cli.show import bar, plain, said
    from ozora.media.clip import Clip
    from ozora.media.images import write_image
    from ozora.media.sheets import contact_sheet
    from ozora.world.captions import caption
    from ozora.world.film import film as shoot_film
    from ozora.world.sampling import sample_shot

    clips, labels = [], []
    with bar() as progress:
        for number in progress.track(range(seed, seed + count), description="filming"):
            shot = sample_shot(number, held_out=held_out)
            moments = [int((part + 0.5) / frames * shot.frames) for part in range(frames)]
            filmed = shoot_film(shot, width, height, frames=moments, supersample=supersample)
            clips.append(Clip(filmed.frames.numpy(), shot.fps))
            labels.append(caption(shot, "medium", number))
    write_image(contact_sheet(clips, labels, frames=frames, columns=columns, width=width), output)
    said.print(f"[bold]{plain(output)}[/]  {count} shots, seeds {seed} to {seed + count - 1}")


@app.command("shoot")
def shoot(
    out: Annotated[
        Path, typer.Argument(help="Folder of the footage; started again, it goes on where it stopped.")
    ],
    clips: Annotated[int, typer.Option(help="How many clips.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the whole shoot.", min=0)] = 0,
    size: Size = "224x128",
    frames: Annotated[
        int | None, typer.Option(help="Frames of each clip (1 + 4k) instead of whole shots.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that film.", min=1)] = 1,
    stills: Annotated[bool, typer.Option("--stills", help="One frame of each shot.")] = False,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only combinations that training never sees.")
    ] = False,
    device: Annotated[str, typer.Option(help="cpu, or cuda to film on the GPU, one clip at a time.")] = "cpu",
) -> None:
    """Shoot footage for training: shards on disk, and a ledger row for every clip."""
    from ozora.cli.show import bar, plain, said
    from ozora.media.files import require_folder
    from ozora.train.footage import ShootProgress
    from ozora.train.footage import shoot as shoot_footage

    width, height = _even(size)
    if frames is not None and frames < 1:  # 0 is what footage calls whole shots, and nobody would guess it
        raise refuse("frames", frames, "1, 5, 9, …, or no --frames for whole shots")
    require_folder(out)
    check_device(device)
    with bar() as progress:
        row = progress.add_task("clips", total=clips)

        def show(done: ShootProgress) -> None:
            progress.update(row, completed=done.clips)

        root = shoot_footage(
            out, clips, seed=seed, width=width, height=height, frames=frames,
            workers=workers, stills=stills, held_out=held_out, device=device, on_progress=show,
        )  # fmt: skip
    said.print(f"[bold]{plain(out)}[/]  {clips} clips, ledger root {root[:12]}")


@app.command("check")
def check(folder: Annotated[Path, typer.Argument(help="A folder that `ozora world shoot` filled.")]) -> None:
    """Hash every clip again and compare it with its row in the ledger: is this still what was shot?"""
    from ozora.cli.show import plain, said
    from ozora.train.footage import check_footage

    said.print(f"[bold]{plain(folder)}[/]  {check_footage(folder)} clips, each as its ledger knows it")


@app.command("simulate")
def simulate(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it instead of into the package.")
    ] = None,
) -> None:
    """Simulate all motions of solids anew with MuJoCo; needs the extra ozora[physics], films do not.

    The same command writes the same bytes on the same kind of machine. It takes a quarter of an hour.
    """
    from ozora.cli.show import bar, plain, said
    from ozora.media.files import require_writable, whole_file
    from ozora.world.physics.cast import scenes
    from ozora.world.physics.library import SHIPPED, packed
    from ozora.world.simulate import simulate as record

    path = require_writable(output or SHIPPED)
    if path.suffix != ".npz":
        raise refuse("output", path.name, "a name ending in .npz")
    with bar() as progress:
        rows = progress.track(scenes(), description="simulating")
        data = packed({scene.key: record(scene) for scene in rows})
    with whole_file(path) as temporary:
        temporary.write_bytes(data)
    said.print(f"[bold]{plain(path)}[/]  {len(scenes())} scenes, {len(data) / 2**20:.2f} MiB")


@app.command("truth")
def truth(
    footage: Annotated[list[Path], typer.Argument(help="Folders filled by `ozora world shoot`.")],
    workers: Annotated[int, typer.Option(help="Processes, one thread each.", min=1)] = 1,
    ids_only: Annotated[
        bool,
        typer.Option("--ids-only", help="Film nothing: for footage of a film set that has changed since."),
    ] = False,
) -> None:
    """Add to footage what is known of every place in it: depth, motion, classes, whose it is.

    The eyes are trained on it. [bold]Example[/]: ozora world truth footage --workers 2
    """
    from ozora.cli.show import bar, plain, said
    from ozora.train.truths import tell_truth

    for folder in footage:
        with bar() as progress:
            row = progress.add_task(folder.name)

            def show(done: int, of: int, row: Any = row, progress: Any = progress) -> None:
                progress.update(row, completed=done, total=of)

            shards = tell_truth(folder, workers=workers, ids_only=ids_only, on_progress=show)
        said.print(f"[bold]{plain(folder)}[/]  truth of {shards} shards")


def depth_picture(depth: Any) -> Any:
    """Depth (T, H, W) in metres to grey frames (T, H, W, 3): inverse depth, so that near differences show."""
    import numpy as np

    near = 1 / np.clip(np.nan_to_num(np.asarray(depth, np.float32), posinf=1e4), 0.1, 1e4)
    grey = near / max(float(near.max()), 1e-6)
    return np.repeat((np.sqrt(grey) * 255).astype(np.uint8)[..., None], 3, axis=-1)


def id_picture(ids: Any) -> Any:
    """Subject ids (T, H, W) to frames in one colour each; 0, the set itself, is black."""
    import colorsys

    import numpy as np

    colours = [(0, 0, 0)] + [
        tuple(round(255 * part) for part in colorsys.hsv_to_rgb(number * 0.618 % 1, 0.75, 1))
        for number in range(255)
    ]
    return np.array(colours, np.uint8)[np.asarray(ids)]


def _even(size: str) -> tuple[int, int]:
    from ozora.director.request import parse_size

    width, height = parse_size(size)
    if width % 2 or height % 2:
        raise refuse("size", size, "even sides, as MP4 films need")
    return width, height


def _check_picture(output: Path) -> None:
    from ozora.media.images import PICTURE_SUFFIXES, is_picture

    if not is_picture(output):
        raise refuse("output", output.name, "a name ending in " + ", ".join(PICTURE_SUFFIXES))
