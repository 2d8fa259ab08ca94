"""Quotes, budgets and receipts: what a film costs, before and after."""

import json
import time

import pytest

from ozora import Ozora, OzoraError, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.fit import fit
from ozora.director.quotes import (
    EACH_LATENT,
    EACH_PASS,
    SHARED_DECODING,
    Budget,
    BudgetSpentError,
    Meter,
    Quote,
    Rates,
    Timings,
    learn,
    quote,
    read_settings,
    user_folder,
)
from ozora.director.resume import resume
from ozora.director.states import find_waiting
from ozora.director.take import Receipt

REQUEST = Request("a red fox", seed=1, threads=1)


@pytest.fixture(scope="module")
def backend(tiny_weights):
    return EmbeddedBackend(tiny_weights)


def learned(backend, timings, request, seconds_per_step):
    """Pretend that ``request`` was filmed with exact costs."""
    fitted = fit(request, backend.card.grid)
    steps = request.steps or 3
    costs = {"load": 1.0, "words": 0.1, "denoise": seconds_per_step * steps, "decode": 0.5, "write": 0.25}
    half = {name: value / 2 for name, value in costs.items()}
    learn(backend, request, fitted, Receipt(costs, cpu_seconds=half), timings)


def test_what_was_learned_is_quoted_and_scaled(backend, tmp_path, monkeypatch):
    timings = Timings(tmp_path / "timings.json")
    learned(backend, timings, REQUEST, 2.0)
    same = quote(backend, REQUEST, timings, Rates())
    assert same.seconds == pytest.approx(1 + 0.1 + 6 + 0.75) and same.cpu_seconds == pytest.approx(3.925)
    more = quote(backend, Request("a fox", steps=6, count=2, threads=1), timings, Rates())
    assert more.seconds == pytest.approx(1 + 2 * (0.1 + 12 + 0.75))
    # Half the latents are half of decoding, and of denoising but for what each pass costs; no guidance is
    # half the passes.
    halved = (EACH_PASS + 2 * 6) / (EACH_PASS + 4 * 6)
    less = quote(backend, Request("a fox", seconds=0.4, guidance=1, threads=1), timings, Rates())
    assert less.seconds == pytest.approx(1 + 0.1 + 6 / 2 * halved + 0.75 / 2)
    small = quote(backend, Request("a fox", size="48x32", threads=1), timings, Rates())
    shared = SHARED_DECODING
    decoded = (EACH_LATENT + 6 * (shared + 1)) / (EACH_LATENT + 6 * (shared + 4))  # latents of six cells
    assert small.seconds == pytest.approx(1 + 0.1 + 6 + 0.5 * decoded + 0.25 / 4)
    # Two guided steps and a look ahead: five passes of a second. No film has taught what looking at it takes:
    # that is timed once, and what films taught of the rest stays.
    timed = {"pass": (9.0, 9.0), "look": (0.25, 0.2)}
    monkeypatch.setattr("ozora.director.quotes.calibration", lambda *given, **named: timed)
    drafts = quote(backend, REQUEST, timings, Rates(), drafts=4)
    assert drafts.seconds == pytest.approx(1 + 0.1 + 4 * (5.0 + 0.25))


def test_first_use_times_one_step_and_is_remembered(backend, tmp_path):
    path = tmp_path / "deep" / "timings.json"
    first = quote(backend, REQUEST, Timings(path), Rates())
    assert first.seconds > 0 and first.memory > 2**20 and "calibration" in first.basis
    again = quote(backend, REQUEST, Timings(path), Rates())
    assert (again.seconds, again.cpu_seconds) == (first.seconds, first.cpu_seconds)
    learned(backend, timings := Timings(path), REQUEST, 2.0)
    learned(backend, timings, REQUEST, 2.0)
    assert "3 runs" in quote(backend, REQUEST, Timings(path), Rates()).basis
    path.write_text("{broken")
    assert quote(backend, REQUEST, Timings(path), Rates()).seconds > 0


def test_one_odd_timing_does_not_spoil_the_quote(backend, tmp_path):
    timings = Timings(tmp_path / "timings.json")
    for seconds in (2.0, 2.0, 90.0, 2.0, 2.0):
        learned(backend, timings, REQUEST, seconds)
    assert quote(backend, REQUEST, timings, Rates()).seconds == pytest.approx(7.85)
    unwhole = Receipt({"denoise": 99.0}, cpu_seconds={"denoise": 99.0}, whole=False)
    learn(backend, REQUEST, fit(REQUEST, backend.card.grid), unwhole, timings)
    assert quote(backend, REQUEST, timings, Rates()).seconds == pytest.approx(7.85)


def test_real_films_are_quoted_from_real_films(backend, tmp_path):
    timings = Timings(tmp_path / "timings.json")
    ozora = Ozora(backend=backend)
    for seed in range(3):
        take = ozora.generate("a red fox", seed=seed, threads=1)
        learn(backend, REQUEST, take.fit, take.receipt, timings)
    take = ozora.generate("a red fox", seed=9, threads=1)
    spent = sum(take.receipt.cpu_seconds.values())
    assert 0.3 < quote(backend, REQUEST, timings, Rates()).cpu_seconds / spent < 3


def test_energy_and_price_by_the_user_s_rates(tmp_path):
    rates = read_settings(tmp_path)
    assert rates == Rates() and "per_kilowatt_hour" in (tmp_path / "settings.toml").read_text()
    text = '[rates]\ncurrency = "EUR"\nper_hour = 3.6\nwatts_per_core = 36\n'
    (tmp_path / "settings.toml").write_text(text)
    rates = read_settings(tmp_path)
    told = Quote(10.0, 20.0, 0, rates, "")
    assert rates.energy(20.0) == pytest.approx(0.2)  # 36 W for 20 s are 720 J
    assert told.price == pytest.approx(0.01 + 0.2 / 1000 * 0.30) and "EUR" in str(told)
    for wrong, word in (
        ("[rates]\nper_hour = -1", "per_hour"), ("[rates]\nper_hour = true", "per_hour"),
        ("[rates]\nwatts = 3", "watts"), ("[rates", "TOML"), ("[rates]\ncurrency = 3", "currency"),
    ):  # fmt: skip
        (tmp_path / "settings.toml").write_text(wrong)
        with pytest.raises(OzoraError, match=rf"^settings.*{word}"):
            read_settings(tmp_path)


def test_settings_live_where_the_system_keeps_them(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "ozora"
    read_settings()
    assert (tmp_path / "ozora" / "settings.toml").is_file()


def test_budgets_are_read_and_refuse_before_any_compute():
    assert Budget.read("20s", Rates()) == Budget(seconds=20) and Budget.read("1.5 min", Rates()).seconds == 90
    assert Budget.read("0.05usd", Rates()) == Budget(price=0.05)
    for text in ("20", "s", "-3s", "0s", "5EUR", "nan s", "1e3s"):
        with pytest.raises(OzoraError, match=r"^budget: got .*allowed: seconds, minutes or money"):
            Budget.read(text, Rates())
    costly = Quote(30.0, 60.0, 0, Rates(per_hour=360.0), "")
    with pytest.raises(OzoraError, match=r"^budget: got '20 s', allowed: 30.0 s or more"):
        Budget(seconds=20).check(costly)
    with pytest.raises(OzoraError, match=r"^budget: got '1 USD', allowed: 3.0\d* USD or more"):
        Budget(price=1).check(costly)
    Budget(seconds=31, price=3.1).check(costly)


def test_a_spent_budget_stops_in_time_and_the_take_goes_on_later(backend, tmp_path):
    film = tmp_path / "fox.mp4"
    meter = Meter(Budget(seconds=1.5), Rates())

    def slow(phase):  # from the first step on; what comes before may take its time on a busy machine
        if phase.name == "denoise" and phase.done:
            time.sleep(1.6)

    with pytest.raises(BudgetSpentError, match="films that began"):
        next(Ozora(backend=backend).takes(REQUEST, outputs=[film], on_phase=meter.watch(slow)))
    assert find_waiting(film) and not film.exists()
    list(resume(film, lambda folder: backend))
    whole = Ozora(backend=backend).generate("a red fox", seed=1, threads=1).save(tmp_path / "whole.mp4")
    assert film.read_bytes() == whole.read_bytes()
    receipt = json.loads((tmp_path / "fox.json").read_text())["receipt"]
    assert receipt["seconds"]["denoise"] > 0 and receipt["peak_memory_bytes"] > 2**20
