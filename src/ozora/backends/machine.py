"""Policy for the machine: memory allocator and threads.

The allocator changes speed only. The number of threads decides where vectors are split, and so the last bits
of a film: it is a setting of every take.
"""

from __future__ import annotations

import ctypes
import math
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# Numbers of <malloc.h> in glibc, where they have been since 1996.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_MEBIBYTE = 2**20


@cache
def tune_machine() -> bool:
    """Keep freed memory instead of giving it back between steps, and mind a container's share of the cores.

    By default glibc returns each large activation to the system and faults it in again, page by page, at the
    next layer. Returns whether the allocator took the settings; elsewhere than on glibc nothing is done.
    """
    _mind_core_share()
    settings = {_MMAP_THRESHOLD: 1024, _TRIM_THRESHOLD: 2047, _TOP_PAD: 64}
    return _told_allocator({name: size * _MEBIBYTE for name, size in settings.items()})


def share_memory() -> bool:
    """Let all threads of a server take memory from the same two heaps, before the first thread begins.

    By default glibc gives each thread one of its own, which keeps what was freed, so that a process of many
    threads grows for hours. Returns whether the allocator took it.
    """
    return _told_allocator({_ARENA_MAX: 2})


def _told_allocator(settings: Mapping[int, int]) -> bool:
    if platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    taken = [mallopt(name, value) == 1 for name, value in settings.items()]
    return all(taken)


def thread_count() -> int:
    """How many threads compute here, unless a take asks for another number."""
    import torch

    tune_machine()
    return torch.get_num_threads()


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Compute with ``count`` threads for a while."""
    import torch

    before = thread_count()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _mind_core_share() -> None:
    import torch

    share = core_share(Path("/sys/fs/cgroup/cpu.max"))
    if share is not None and share < torch.get_num_threads():
        torch.set_num_threads(share)


def core_share(limits: Path) -> int | None:
    """Whole cores a container may use by its cgroup v2 limit; ``None`` when there is no limit."""
    try:
        quota, period = limits.read_text().split()
        return max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None
