"""Ctrl-C: once stops after the step and keeps the take, twice stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ozora.director.take import OnPhase, Phase


class Stopping:
    """Passes progress on until somebody has asked to stop; then the next report ends the work."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        from ozora.cli.show import told

        told.print("Stopping after this step; Ctrl-C again stops at once.", style="grey50")

    def watch(self, on_phase: OnPhase) -> OnPhase:
        """The same progress, which stops the work where it was asked to."""

        def report(phase: Phase) -> None:
            on_phase(phase)
            self.check()

        return report

    def check(self) -> None:
        """Stop here if it was asked."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def gentle_stop() -> Iterator[Stopping]:
    """While films are made, the first Ctrl-C only asks."""
    stopping = Stopping()
    before: Callable[[int, FrameType | None], object] | int | None = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # whoever runs us in the background wants no Ctrl-C to reach us
        yield stopping
        return
    signal.signal(signal.SIGINT, stopping)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)
