import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.machine import using_threads


def nothing(done, of):
    pass


@pytest.fixture(scope="module")
def backend(tiny_weights):
    return EmbeddedBackend(tiny_weights)


@pytest.fixture(scope="module")
def latents():
    return torch.randn(1, 6, 4, 2, 3, generator=torch.Generator().manual_seed(0))


def painters():
    return [thread for thread in threading.enumerate() if thread.name.startswith("ozora-painter")]


@pytest.mark.parametrize("scale", [1, 2])
def test_painting_beside_reading_changes_no_pixel(backend, latents, scale):
    with using_threads(1):
        video = backend.networks.autoencoder.decode(latents, scale)[0]  # (T, 3, H, W), −1 to 1
    expected = ((video + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    for threads in (1, 2, 3):  # two and three have one thread for each half
        with using_threads(threads):
            streamed = list(backend.stream(latents, scale))
            assert torch.get_num_threads() == threads
            if threads == 1:
                assert np.array_equal(np.concatenate(streamed), expected)
                alone = streamed
        assert [len(part) for part in streamed] == [1, 4, 4, 4, 4, 4]
        assert all(np.array_equal(one, other) for one, other in zip(streamed, alone, strict=True))
    assert not painters()


def test_a_stream_left_half_way_gives_threads_back(backend, latents):
    with using_threads(2):
        stream = backend.stream(latents, 2)
        next(stream)
        stream.close()
        assert torch.get_num_threads() == 2 and not painters()


def test_what_fails_in_painting_is_told(backend, latents, monkeypatch):
    from ozora.model.autoencoder import DecoderStream

    def broken(self, features):
        raise MemoryError

    monkeypatch.setattr(DecoderStream, "paint", broken)
    for threads in (1, 2):
        with using_threads(threads), pytest.raises(MemoryError):
            backend.decode(latents, 1, nothing)
    assert not painters()


SPINNING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def test_a_fresh_process_loads_no_more_than_filming_needs(tiny_weights):
    told = (
        "import os, sys\n"
        "from ozora.backends.embedded import EmbeddedBackend\n"
        f"EmbeddedBackend({str(tiny_weights)!r}).load()\n"
        "print(os.environ.get('GOMP_SPINCOUNT'), *({'sympy', 'av', 'fastapi', 'mujoco'} & set(sys.modules)))"
    )
    plain = {name: value for name, value in os.environ.items() if name not in SPINNING}
    asked = [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")]
    for own, expected in asked:
        command = [sys.executable, "-c", told]
        done = subprocess.run(command, env={**plain, **own}, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
