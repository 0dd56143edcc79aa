"""/healthz and /readyz, which prove that the loop is alive by the age of its last turn; /memory; and /metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

# A loop that has not come round for so long is stuck: it turns every 10 s even if nothing happens.
STUCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Health:
    """How the operator is. `last_turn_age` in seconds, None before the first turn."""

    is_synced: bool
    is_leader: bool
    last_turn_age: float | None
    last_plan_age: float | None

    @property
    def is_alive(self) -> bool:
        """Whether the loop comes round."""
        return self.last_turn_age is None or self.last_turn_age < STUCK_SECONDS

    @property
    def is_ready(self) -> bool:
        """Whether the picture is complete and the loop works on it, or stands by to."""
        return self.is_alive and self.is_synced and (not self.is_leader or self.last_plan_age is not None)

    def as_json(self) -> dict[str, Any]:
        """Return the answer to a probe."""
        ages = {"lastTurnAgeSeconds": self.last_turn_age, "lastPlanAgeSeconds": self.last_plan_age}
        rounded = {name: None if age is None else round(age, 3) for name, age in ages.items()}
        return {"synced": self.is_synced, "leader": self.is_leader} | rounded


def health_app(look: Callable[[], Health], remember: Callable[[], dict[str, Any]]) -> web.Application:
    """Return the probes' server, which also tells what the operator remembers: names and waits, nothing secret."""

    async def healthz(_request: web.Request) -> web.Response:
        health = look()
        return web.json_response(health.as_json(), status=200 if health.is_alive else 503)

    async def readyz(_request: web.Request) -> web.Response:
        health = look()
        return web.json_response(health.as_json(), status=200 if health.is_ready else 503)

    async def memory(_request: web.Request) -> web.Response:
        return web.json_response(remember())

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/memory", memory)])
    return app


def metrics_app(registry: CollectorRegistry) -> web.Application:
    """Return the metrics' server."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics)])
    return app


async def serve(app: web.Application, address: str, port: int) -> web.AppRunner | None:
    """Serve an app; port 0 means not at all. Raise OSError when the port is taken."""
    if port == 0:
        return None
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    return runner
