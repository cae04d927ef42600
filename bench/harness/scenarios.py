"""What is asked of whom. A scenario is a row here, and nothing else."""

import dataclasses
import json

from harness.servers import FORECAST

CURRENT = ("temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,weather_code,cloud_cover,"
           "pressure_msl,wind_speed_10m,wind_direction_10m,wind_gusts_10m,dew_point_2m,visibility")


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    server: str
    path: str
    varies: bool             # each request asks for another place
    upstream_calls: float    # per request; anything else means that the scenario measured something else


SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("bare", "bare", f"{FORECAST}?latitude={{lat}}&longitude={{lon}}&timeformat=unixtime&current={CURRENT}",
             varies=True, upstream_calls=1),
    Scenario("cached", "guichet", "/api/weather/current?lat=48.85&lon=2.35", varies=False, upstream_calls=0),
    Scenario("uncached", "guichet", "/api/weather/current?lat={lat}&lon={lon}", varies=True, upstream_calls=1),
)}


def check_guichet(guichet):
    """Proves before anything is measured that the mock answers for Open-Meteo and that the cache works."""
    path = SCENARIOS["cached"].path
    for expected in ("fresh", "cached"):
        status, body = guichet.ask(path)
        meta = json.loads(body).get("meta", {}) if status == 200 else {}
        if (meta.get("provider"), meta.get("served")) != ("open-meteo", expected):
            raise SystemExit(f"{path}: expected 200, open-meteo, {expected}; got {status}: {body[:500]!r}")
