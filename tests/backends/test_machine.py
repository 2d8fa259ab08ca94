"""What the allocator is told, as it counts it itself, and which numbers a processor is quick in."""

import platform
import subprocess
import sys

import pytest
import torch

from ozora.backends.machine import (
    computing,
    computing_as,
    precision,
    precision_here,
)
from ozora.errors import OzoraError
from ozora.model.precision import best_precision, quick_precisions

HEAPS = """
import ctypes, threading
from ozora.backends.machine import share_memory
{told}
libc, held, ready = ctypes.CDLL(None), threading.Event(), threading.Barrier(13)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p

def work():
    [libc.malloc(1000) for _ in range(100)]
    ready.wait()
    held.wait()

for _ in range(12):
    threading.Thread(target=work, daemon=True).start()
ready.wait()
report = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, report)
libc.fflush(report)
held.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_the_threads_of_a_server_share_two_heaps():
    def heaps(told: str) -> int:
        code = HEAPS.format(told=told)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.count("<heap nr=")

    assert heaps("assert share_memory()") <= 2 < heaps("")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx avx2 fma", ("float32",)),
        ("fpu avx2 avx512f avx512_vnni", ("float32",)),  # eight bits without the sixteen that go with them
        ("fpu avx512f avx512_bf16", ("float32", "bfloat16")),
        ("fpu avx512f avx512_bf16 avx512_vnni", ("float32", "bfloat16", "int8")),
        ("fpu amx_bf16 amx_int8", ("float32", "bfloat16", "int8")),
    ],
)
def test_a_processor_is_asked_for_its_instructions(flags, expected, tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nbugs\t: avx512_bf16 avx512_vnni\nflags\t\t: {flags}\n")
    assert quick_precisions(told) == expected
    assert quick_precisions(tmp_path / "none") == ("float32",)


def test_computing_ends_as_it_began():
    usual, threads = precision(), torch.get_num_threads()
    assert usual == best_precision() == quick_precisions()[min(1, len(quick_precisions()) - 1)]
    with computing(1, "float32"):
        assert (precision(), torch.get_num_threads()) == ("float32", 1)
        with computing(2):
            assert (precision(), torch.get_num_threads()) == ("float32", 2)
        with pytest.raises(ZeroDivisionError), computing_as({"threads": 3, "precision": usual}):
            assert (precision(), torch.get_num_threads()) == (usual, 3)
            raise ZeroDivisionError
        assert precision() == "float32"
    assert (precision(), torch.get_num_threads()) == (usual, threads)


def test_a_take_from_before_there_were_precisions_goes_on_in_float32():
    with computing_as({"threads": 1}):
        assert precision() == "float32"


def test_numbers_without_instructions_are_refused_and_an_old_take_goes_on_without_them():
    assert precision_here("float64") == "float32"
    refusal = r"^precision: got 'float64', allowed: float32"
    with pytest.raises(OzoraError, match=refusal), computing(1, "float64"):
        pass
