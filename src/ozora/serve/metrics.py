"""Meters for Prometheus: requests and their times, jobs accepted, what waits and runs, webhooks sent."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One server's meters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ozora_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.times = Histogram(
            "ozora_request_seconds", "Seconds until the reply began.", ("method", "route"),
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.admitted = Counter("ozora_jobs_admitted", "Jobs accepted.", ("verb",), registry=self.registry)
        self.jobs = Gauge("ozora_jobs", "Jobs that wait or run.", ("status",), registry=self.registry)
        self.workers = Gauge("ozora_workers", "Workers that beat.", ("state",), registry=self.registry)
        self.deliveries = Counter(
            "ozora_webhook_deliveries", "Webhook attempts.", ("outcome",), registry=self.registry
        )

    def text(self) -> bytes:
        """All meters in Prometheus' text format."""
        return generate_latest(self.registry)
