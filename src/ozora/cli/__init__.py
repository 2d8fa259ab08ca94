"""The command ``ozora``, thin: it reads arguments, calls one function and shows the result."""

from __future__ import annotations

import os
import sys

import typer

from ozora.cli import (
    boards,
    evaluate,
    explain,
    exploring,
    films,
    resuming,
    serving,
    takes,
    training,
    verbs,
    weights,
    world,
)
from ozora.errors import OzoraError

EXIT_REFUSED, EXIT_STOPPED = 2, 130
STOPPED = "Stopped; nothing is lost: `ozora resume FOLDER` finishes the takes that were begun there."

app = typer.Typer(
    name="ozora",
    help="Ozora (大空, the open sky): open, self-hosted text-to-video.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Start with: [bold]ozora generate "a red fox runs across a snowy field at dusk" -o fox.mp4[/]',
)
_FILM, _EDITOR, _TAKES, _SERVE, _BENCH = (
    "Film", "The editor", "Takes", "Serve", "From nothing to a film"
)  # fmt: skip

app.command("generate", epilog=films.EXAMPLES, rich_help_panel=_FILM)(films.generate)
app.command("explore", epilog=exploring.EXAMPLES, rich_help_panel=_FILM)(exploring.explore)
app.command("finish", rich_help_panel=_FILM)(exploring.finish)
app.command("explain", epilog=explain.EXAMPLES, rich_help_panel=_FILM)(explain.explain)
for verb in verbs.VERBS:
    app.command(verb.__name__, rich_help_panel=_EDITOR)(verb)
app.command("board", epilog=boards.EXAMPLE, rich_help_panel=_EDITOR)(boards.board)
app.command("sequence", rich_help_panel=_EDITOR)(boards.sequence)
app.command("resume", rich_help_panel=_TAKES)(resuming.resume)
app.command("takes", rich_help_panel=_TAKES)(takes.takes)
app.command("show", rich_help_panel=_TAKES)(takes.show)
app.command("mark", rich_help_panel=_TAKES)(takes.mark)
app.command("remove", rich_help_panel=_TAKES)(takes.remove)
app.command("serve", rich_help_panel=_SERVE)(serving.serve)
app.command("worker", rich_help_panel=_SERVE)(serving.worker)
app.add_typer(serving.keys, name="keys", rich_help_panel=_SERVE)
app.add_typer(world.app, name="world", rich_help_panel=_BENCH)
app.command("train", rich_help_panel=_BENCH)(training.train)
app.command("plan", rich_help_panel=_BENCH)(training.plan)
app.command("encode", rich_help_panel=_BENCH)(training.encode)
app.command("evaluate", rich_help_panel=_BENCH)(evaluate.evaluate)
app.add_typer(weights.app, name="weights", rich_help_panel=_BENCH)


def _show_version(asked: bool) -> None:
    if asked:
        from ozora import __version__

        typer.echo(f"ozora {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", is_eager=True, callback=_show_version
    ),
) -> None:
    """Options of all commands."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command line; return 0, 2 with one sentence on stderr, or 130 after Ctrl-C."""
    try:
        command = typer.main.get_command(app)
        code = command.main(arguments, prog_name="ozora", standalone_mode=False)
        if code == EXIT_STOPPED:  # The command-line library turns Ctrl-C into this code.
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except OzoraError as error:
        return _refuse(str(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo(STOPPED, err=True)
        return EXIT_STOPPED
    except BrokenPipeError:
        # Whoever read our output (`| head`) has enough; keep Python from complaining again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # The command-line library's own refusals know how to say themselves; anything else is our mistake.
        if not hasattr(error, "format_message"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            return 0
        return _refuse(error.format_message())


def _refuse(sentence: str) -> int:
    sentence = " ".join(sentence.split())
    if sentence.endswith("?."):
        sentence = sentence[:-1]  # the command-line library ends its own question with a full stop
    typer.echo(sentence if sentence.endswith((".", "?")) else f"{sentence}.", err=True)
    return EXIT_REFUSED


def main() -> None:
    """Entry point of the ``ozora`` command."""
    sys.exit(run())
