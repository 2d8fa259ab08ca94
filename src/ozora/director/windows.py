"""A long time line is filmed window by window, each as long as the model films at once.

A window sees what is already there: some latents before it as clean history, and what is given after it. The
model learnt films from their first frame on, whose latent holds that one frame; so a window that begins
inside a film opens on a frame encoded anew, the last of the latent it takes the place of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Latents ``start`` to ``stop`` of a time line, of which ``new`` are filmed and the rest are given.

    ``reopened``: it begins inside a film. In a ring, ``stop`` may lie past the end: latent L + i is latent
    1 + i, since the opening is not part of the ring.
    """

    start: int
    stop: int
    new: tuple[int, ...]
    reopened: bool

    def __len__(self) -> int:
        return self.stop - self.start


def history(size: int) -> int:
    """How many latents before the first new one a window of ``size`` sees, the opening included."""
    return 1 + (size - 1) // 3


def outlook(size: int) -> int:
    """How many given latents after the last new one a window of ``size`` should see."""
    return max(1, (size - 1) // 4)


def plan_windows(
    free: Sequence[bool],
    size: int,
    *,
    openings: Collection[int] = (0,),
    breaks: Collection[int] = (),
    ring: bool = False,
) -> list[Window]:
    """Windows of at most ``size`` latents, in the order of filming, that film every free latent once.

    ``openings`` are the latents at which a film begins, with no look back across them; at ``breaks`` a new
    part with words of its own begins, which is never filmed together with the one before.
    """
    length = len(free)
    ahead = min(outlook(size), length - 1) if ring else 0
    todo = [*free, *[False] * ahead]
    starts = sorted({0, *openings})
    windows: list[Window] = []
    for begin, end in zip(starts, [*starts[1:], length], strict=True):
        end = end + ahead if end == length else end
        while True:
            first = next((index for index in range(begin, end) if todo[index]), None)
            if first is None:
                break
            window = _next_window(todo, begin, end, first, size, breaks)
            for index in window.new:
                todo[index] = False
            windows.append(window)
    return windows


def _next_window(
    todo: Sequence[bool], begin: int, end: int, first: int, size: int, breaks: Collection[int]
) -> Window:
    # With everything in one window nothing need be encoded anew; else only a part of the past is seen.
    start = begin if end - begin <= size or first - begin < history(size) else first - history(size)
    limit = min((index for index in breaks if first < index < end), default=end)
    beyond = next((index for index in range(limit, end) if todo[index]), end)
    stop = min(start + size, beyond)
    run_end = next((index for index in range(first, end) if not todo[index]), end)
    run_end = min(run_end, limit)
    given_after = run_end < end and not todo[run_end]
    seen = min(outlook(size), beyond - run_end)
    if given_after and run_end <= start + size < run_end + seen:
        # The way to what is given would end unseen: go half of it now, and see the goal on the rest.
        stop = first + max(1, (run_end - first) // 2)
    new = tuple(index for index in range(first, stop) if todo[index])
    return Window(start, stop, new, reopened=start > begin)
