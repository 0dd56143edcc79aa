"""Metrics of the way to the API server: what it answers, how quickly, and when it was last heard.

Kopf's own requests, for ParaSets and FillPolicies, are not among them.
"""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from paraset_operator.cluster.reflector import Reflector

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ApiMetrics:
    """Requests and watches."""

    def __init__(self, at: CollectorRegistry) -> None:
        self._requests = Counter(
            "paraset_api_requests", "Requests to the API server, by its answer.", ["method", "code"], registry=at
        )
        self._seconds = Histogram(
            "paraset_api_request_duration_seconds",
            "Requests to the API server: sent to answered.",
            ["method"],
            buckets=_REQUEST_SECONDS,
            registry=at,
        )
        self._heard = Gauge(
            "paraset_watch_heard_timestamp_seconds",
            "When a watch last brought something: an event, a bookmark or a list.",
            ["resource"],
            registry=at,
        )
        self.relists = Counter("paraset_relists", "Complete lists of a collection.", ["resource"], registry=at)

    def answered(self, method: str, status: int, seconds: float) -> None:
        """Count a request; status 0 if no answer came."""
        self._requests.labels(method, str(status) if status else "none").inc()
        self._seconds.labels(method).observe(seconds)

    def listens(self, watch: Reflector) -> None:
        """Show from now on when a watch was last heard."""
        self._heard.labels(watch.resource).set_function(lambda: math.nan if watch.heard_at is None else watch.heard_at)
