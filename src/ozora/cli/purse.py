"""What the commands that film share: a quote before, a budget on the way, timings learned after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ozora.errors import OzoraError

if TYPE_CHECKING:
    from ozora.backends.backend import Backend
    from ozora.director.quotes import Quote
    from ozora.director.request import Request
    from ozora.director.take import OnPhase, Take


class Purse:
    """A user's rates, timings and, if given, budget; a budget that makes no sense is refused here."""

    def __init__(self, budget: str | None = None) -> None:
        from ozora.director.quotes import Budget, Meter, Timings, read_settings, user_folder

        self.rates = read_settings()
        self.timings = Timings(user_folder() / "timings.json")
        self.budget = None if budget is None else Budget.read(budget, self.rates)
        self.meter = None if self.budget is None else Meter(self.budget, self.rates)

    def quote(self, backend: Backend, request: Request, drafts: int = 0) -> Quote:
        """What it will cost; refused here if that is over the budget."""
        from ozora.director.quotes import quote

        found = quote(backend, request, self.timings, self.rates, drafts=drafts)
        if self.budget is not None:
            self.budget.check(found)
        return found

    def watch(self, on_phase: OnPhase) -> OnPhase:
        """The same progress, which stops the work when the budget is spent."""
        return on_phase if self.meter is None else self.meter.watch(on_phase)

    def learn(self, backend: Backend, request: Request, take: Take) -> None:
        """Remember what a take took; a home that cannot be written is no reason to complain."""
        from ozora.director.quotes import learn

        try:
            learn(backend, request, take.fit, take.receipt, self.timings)
        except (OSError, OzoraError):
            return
