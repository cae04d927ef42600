"""What is asked of whom. A scenario is a row here, and nothing else."""

import dataclasses
import json

from harness.servers import FORECAST

CURRENT = ("temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,weather_code,cloud_cover,"
           "pressure_msl,wind_speed_10m,wind_direction_10m,wind_gusts_10m,dew_point_2m,visibility")

# Streams that come word by word take half a second: so many a second that their events do not fall together, over more
# connections than are ever in use.
PACED_RATE = 130
PACED_CONNECTIONS = 256
# Calls of a small team, at which a server pays a wake-up for each.
CHAT_RATE = 200


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    server: str
    path: str
    varies: bool             # each request asks for something else
    upstream_calls: float    # per request; anything else means that the scenario measured something else
    base: str = "bare"       # what it is compared with
    body: str = ""           # with one, the method is POST
    events: bool = False     # the answer is a stream
    closed: bool = True      # whether it runs in a closed loop
    rate: int | None = None  # requests/s of its fixed rate; None: that of the command line, 0: none
    connections: int = 0     # 0: as many as the command line says
    goal: tuple = ()         # (mode, what is compared, goal, moonshot), each
    provider: str = "bench"  # who answers for a model


def _chat(model, stream=False, **more):
    """A body that OpenAI's and Anthropic's doors both take, about as long as a short question in a conversation."""
    asked = "Call {n}. Summarize the following notes for a colleague who was away, in one short paragraph. "
    notes = "The order came in on Monday, the parts on Wednesday, and the machine has been running since Friday. " * 6
    body = {"model": model, "max_tokens": 600, "temperature": 0.2, "messages": [
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "An assistant that writes short and plain sentences."},
        {"role": "user", "content": asked + notes}], **more}
    if stream:
        body["stream"] = True
    return json.dumps(body)


COMPLETIONS, MESSAGES = "/v1/chat/completions", "/v1/messages"
SAME = {"stream_options": {"include_usage": True}}
PACED = {"closed": False, "rate": PACED_RATE, "connections": PACED_CONNECTIONS}
TRANSLATED = (("closed", "request", 3.0, 2.0),)


def _ask(name, path, body, base, **more):
    return Scenario(name, "bare" if name.startswith("bare") else "guichet", path, varies=True, upstream_calls=1,
                    base=base, body=body, **{"rate": 0, **more})


GROUPS = {
    "data": (
        Scenario("bare", "bare", f"{FORECAST}?latitude={{lat}}&longitude={{lon}}&timeformat=unixtime&current={CURRENT}",
                 varies=True, upstream_calls=1),
        Scenario("cached", "guichet", "/api/weather/current?lat=48.85&lon=2.35", varies=False, upstream_calls=0),
        Scenario("uncached", "guichet", "/api/weather/current?lat={lat}&lon={lon}", varies=True, upstream_calls=1),
    ),
    "ai": (
        _ask("bare-chat", COMPLETIONS, _chat("chat"), "bare-chat", rate=CHAT_RATE),
        _ask("chat", COMPLETIONS, _chat("chat"), "bare-chat", rate=CHAT_RATE,
             goal=(("closed", "request", 1.5, 1.2), ("rate", "request", 1.5, 1.2))),
        _ask("bare-burst", COMPLETIONS, _chat("burst", True, **SAME), "bare-burst", events=True),
        _ask("burst", COMPLETIONS, _chat("burst", True, **SAME), "bare-burst", events=True,
             goal=(("closed", "event", 0.35, 0.2),)),
        _ask("bare-paced", COMPLETIONS, _chat("paced", True, **SAME), "bare-paced", events=True, **PACED),
        _ask("paced", COMPLETIONS, _chat("paced", True, **SAME), "bare-paced", events=True, **PACED,
             goal=(("rate", "event", 1.3, None), ("rate", "first", 2.0, 0.5))),
        _ask("from-anthropic", MESSAGES, _chat("chat"), "bare-chat", goal=TRANSLATED),
        _ask("to-anthropic", COMPLETIONS, _chat("anthropic-chat"), "bare-chat", goal=TRANSLATED,
             provider="bench-anthropic"),
        _ask("to-gemini", COMPLETIONS, _chat("gemini-chat"), "bare-chat", goal=TRANSLATED, provider="bench-gemini"),
        _ask("from-anthropic-burst", MESSAGES, _chat("burst", True), "bare-burst", events=True, goal=TRANSLATED),
        _ask("to-anthropic-burst", COMPLETIONS, _chat("anthropic-burst", True, **SAME), "bare-burst", events=True,
             goal=TRANSLATED, provider="bench-anthropic"),
        _ask("to-gemini-burst", COMPLETIONS, _chat("gemini-burst", True, **SAME), "bare-burst", events=True,
             goal=TRANSLATED, provider="bench-gemini"),
    ),
}
SCENARIOS = {scenario.name: scenario for group in GROUPS.values() for scenario in group}


def chosen(text):
    """The names of groups and of scenarios, as they are listed here, with what each is compared with."""
    names = set()
    for word in text.split(","):
        if word in GROUPS:
            names.update(scenario.name for scenario in GROUPS[word])
        elif word in SCENARIOS:
            names.update((word, SCENARIOS[word].base))
        else:
            raise ValueError(f"unknown scenario {word!r}; there are {', '.join((*GROUPS, *SCENARIOS))}")
    return [name for name in SCENARIOS if name in names]


def check_guichet(guichet, names):
    """Proves before anything is measured that the mock answers for everybody who is asked, and that the cache works."""
    if "cached" in names:
        _check_data(guichet)
    for scenario in (SCENARIOS[name] for name in names if SCENARIOS[name].body):
        if scenario.server == "guichet":
            _check_model(guichet, scenario)


def _check_data(guichet):
    path = SCENARIOS["cached"].path
    for expected in ("fresh", "cached"):
        status, body = guichet.ask(path)
        meta = json.loads(body).get("meta", {}) if status == 200 else {}
        if (meta.get("provider"), meta.get("served")) != ("open-meteo", expected):
            raise SystemExit(f"{path}: expected 200, open-meteo, {expected}; got {status}: {body[:500]!r}")


def _check_model(guichet, scenario):
    status, headers, body = guichet.post(scenario.path, scenario.body.replace("{n}", "first"))
    provider = headers.get("x-guichet-provider", "")
    words, events = body.count(b" word"), body.count(b"\n\n")
    if status != 200 or provider != scenario.provider or not words or (events > 1) != scenario.events:
        raise SystemExit(f"{scenario.name}: expected 200, {scenario.provider}, words{' in events' * scenario.events}; got "
                         f"{status}, {provider or 'nobody'}, {words} words, {events} events: {body[:500]!r}")
