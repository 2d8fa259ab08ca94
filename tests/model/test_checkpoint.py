"""Weights come back near, the same every time, or not at all; training states come back exactly."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError, WeightsError
from ozora.model import checkpoint
from ozora.model.checkpoint import (
    load_training_state,
    load_weights,
    save_training_state,
    save_weights,
    weights_hash,
)

anew = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def network(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "linear.weight": draw(48, 64) * draw(48, 1).exp(),
        "convolution.weight": draw(32, 16, 3, 3).to(memory_format=torch.channels_last),
        "linear.bias": draw(48),
        "small.weight": draw(4, 8),
        "half": draw(40, 40).bfloat16(),
        "zeros": torch.zeros(64, 64),
        "steps": torch.tensor(7),
        "table": torch.arange(512).reshape(2, -1),
    }


def test_matrices_come_back_within_a_hundredth_and_the_rest_exactly(tmp_path: Path) -> None:
    tensors, path = network(), tmp_path / "deep" / "net.safetensors"
    metadata = {"recipe": "micro", "config": {"channels": [1, 2]}, "name": "大空", "rate": 0.1, "none": None}
    save_weights(path, tensors, metadata)
    loaded, told = load_weights(path)
    assert told == metadata and loaded.keys() == tensors.keys()
    for name in ("linear.weight", "convolution.weight", "half"):
        rows, error = tensors[name].float().flatten(1), (loaded[name] - tensors[name].float()).flatten(1)
        relative = error.square().mean(1).sqrt() / rows.square().mean(1).sqrt()
        assert 0 < relative.max() < 0.012 and relative.mean() < 0.01
    for name in ("linear.bias", "small.weight", "zeros", "steps", "table"):
        assert torch.equal(loaded[name], tensors[name])
    assert path.stat().st_size < 0.5 * sum(t.numel() * t.element_size() for t in tensors.values())
    assert [file.name for file in path.parent.iterdir()] == ["net.safetensors"]  # nothing left lying about


def test_loading_and_saving_again_changes_no_bit(tmp_path: Path) -> None:
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    save_weights(one, network(), {"a": 1})
    first, again = load_weights(one)[0], load_weights(one)[0]
    save_weights(two, first, {"a": 1})
    second = load_weights(two)[0]
    for name, tensor in first.items():
        assert torch.equal(tensor, again[name])
        torch.testing.assert_close(second[name], tensor, rtol=1e-6, atol=1e-7)


def test_unquantised_weights_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "exact.safetensors"
    tensors = network() | {"double": torch.rand(9, dtype=torch.float64)}
    save_weights(path, tensors, {}, quantise=False)
    for name, tensor in load_weights(path)[0].items():
        assert tensor.dtype == tensors[name].dtype and torch.equal(tensor, tensors[name])


@anew
@given(data=st.data())
def test_any_changed_byte_is_found(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(path, network(), {"size": "micro"}, shard_bytes=9000)
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    file = data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    at = data.draw(st.one_of(st.integers(0, header - 1), st.integers(0, len(content) - 1)))
    content[at] = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    file.write_bytes(content)
    with pytest.raises(WeightsError) as refusal:
        load_weights(path)
    assert "\n" not in str(refusal.value) and str(refusal.value).endswith(".")


def test_every_header_byte_counts_even_blanks(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(path, {"w": torch.ones(3)}, {"size": "micro"})
    content = path.read_bytes()
    for at in range(8 + int.from_bytes(content[:8], "little")):
        path.write_bytes(content[:at] + bytes([9 if content[at] != 9 else 32]) + content[at + 1 :])
        with pytest.raises(WeightsError):
            load_weights(path)


@anew
@given(share=st.floats(0, 0.999))
def test_a_shortened_file_is_found(tmp_path: Path, share: float) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(path, network(), {})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match=r"net\.safetensors"):
        load_weights(path)


def test_shards_keep_under_the_limit_and_come_back_as_one(tmp_path: Path) -> None:
    path, tensors = tmp_path / "net.safetensors", network()
    save_weights(path, tensors, {"a": 1}, shard_bytes=9000)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files[:2] == ["net-2.safetensors", "net-3.safetensors"] and files[-1] == "net.safetensors"
    assert all(file.stat().st_size <= 9000 for file in tmp_path.iterdir())
    save_weights(tmp_path / "whole.safetensors", tensors, {"a": 1})
    whole = load_weights(tmp_path / "whole.safetensors")[0]
    assert all(torch.equal(tensor, whole[name]) for name, tensor in load_weights(path)[0].items())
    with pytest.raises(WeightsError, match="first file"):
        load_weights(tmp_path / "net-2.safetensors")
    save_weights(path, tensors, {"a": 1})  # now one file: the further ones must go
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.safetensors", "whole.safetensors"]
    with pytest.raises(WeightsError, match="more than a file"):
        save_weights(path, tensors, {}, shard_bytes=2000)


def test_a_missing_or_foreign_shard_is_found(tmp_path: Path) -> None:
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    save_weights(one, network(0), {}, shard_bytes=9000)
    save_weights(two, network(1), {}, shard_bytes=9000)
    (tmp_path / "one-2.safetensors").write_bytes((tmp_path / "two-2.safetensors").read_bytes())
    with pytest.raises(WeightsError, match="another set"):
        load_weights(one)
    (tmp_path / "two-2.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"two-2\.safetensors is not there"):
        load_weights(two)


def test_strangers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with pytest.raises(WeightsError, match="not there"):
        load_weights(path)
    path.write_text("hello")
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)
    safetensors.torch.save_file({"a": torch.ones(2)}, path)
    with pytest.raises(WeightsError, match="not an Ozora"):
        load_weights(path)


def test_the_hash_names_the_content_not_the_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    save_weights(one, network(), {"b": 1, "a": 2})
    save_weights(two, network(), {"a": 2, "b": 1})
    name = weights_hash(one)
    assert len(name) == 64 and name == weights_hash(two)
    save_weights(two, network(), {"a": 2, "b": 3})
    assert weights_hash(two) != name
    save_weights(two, network(1), {"a": 2, "b": 1})
    assert weights_hash(two) != name
    save_weights(two, network(), {"a": 2, "b": 1}, shard_bytes=9000)
    last = max(tmp_path.glob("two-*"))
    before = weights_hash(two)
    changed = network()
    changed["table"][1, -1] += 1  # lies in a further shard
    save_weights(two, changed, {"a": 2, "b": 1}, shard_bytes=9000)
    assert last.exists() and weights_hash(two) != before


@pytest.mark.parametrize("save", [save_weights, save_training_state])
def test_a_write_that_dies_leaves_the_old_file(
    tmp_path: Path, save: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.safetensors"
    old = {"w": torch.ones(64, 64)}

    def write(tensors: dict[str, Tensor]) -> None:
        if save is save_weights:
            save_weights(path, tensors, {})
        else:
            save_training_state(path, tensors)

    write(old)
    content = path.read_bytes()

    def die(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(OSError, match="disk full"):
        write({"w": torch.zeros(64, 64)})
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    for tensors, metadata, word in (
        ({"w": torch.tensor([1.0, float("nan")])}, {}, "not finite"),
        ({"w::scale": torch.ones(1)}, {}, "reserved"),
        ({"w": torch.ones(1)}, {"path": path}, "JSON"),
        ({"w": torch.ones(1)}, {"loss": float("inf")}, "JSON"),
    ):
        with pytest.raises(WeightsError, match=word):
            save_weights(path, tensors, metadata)
    assert not path.exists()


def test_training_resumes_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 8)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)

    def step(model: torch.nn.Linear, optimiser: torch.optim.Optimizer) -> None:
        optimiser.zero_grad()
        model(torch.randn(4, 8)).square().mean().backward()
        optimiser.step()

    step(model, optimiser)
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "step": 1,
        "note": ("tuple", [1.5, None, True]),
    }
    save_training_state(path, state)
    twin = copy.deepcopy(model)
    step(model, optimiser)
    loaded = load_training_state(path)
    assert loaded["step"] == 1 and loaded["note"] == ("tuple", [1.5, None, True])
    twin.load_state_dict(loaded["model"])
    other = torch.optim.AdamW(twin.parameters(), 1e-2)
    other.load_state_dict(loaded["optimiser"])
    torch.set_rng_state(loaded["random"])
    step(twin, other)
    assert torch.equal(model.weight, twin.weight) and torch.equal(model.bias, twin.bias)


def test_training_states_with_code_in_them_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    with pytest.raises(WeightsError, match="plain data"):
        save_training_state(path, {"path": tmp_path})
    assert not path.exists()
    torch.save({"code": test_strangers_are_refused}, path)
    with pytest.raises(WeightsError, match="cannot be read"):
        load_training_state(path)
    path.write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_training_state(path)
    torch.save([1], path)
    with pytest.raises(WeightsError, match="list"):
        load_training_state(path)
    with pytest.raises(OzoraError, match="not there"):
        load_training_state(tmp_path / "none.pt")


@anew
@given(share=st.floats(0, 0.99))
def test_a_shortened_training_state_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "state.pt"
    checkpoint.save_training_state(path, {"w": torch.rand(100)})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(WeightsError):
        load_training_state(path)
