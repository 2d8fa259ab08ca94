"""What the allocator is told, as the allocator itself counts it."""

import platform
import subprocess
import sys

import pytest

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
