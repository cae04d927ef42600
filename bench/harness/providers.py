"""Catalogue files with which Guichet finds the mock upstream: each is a provider as an operator would write one."""

WEATHER = """\
patch = true
base_url = "{url}"
plain_http = true
quota = []
"""

# Typed quotas that never bind: the ledger counts, and nobody waits.
MODELS = """\
base_url = "{base_url}"
dialect  = "{dialect}"

any_model    = false
prices_as_of = 2026-11-22

[auth]
type = "{auth}"
{auth_name}env  = ["{variable}"]

[[quota]]
limit = 1000000000
per   = "minute"

[[quota]]
limit     = 1000000000000
per       = "day"
kind      = "bucket"
dimension = "tokens"
each_model = true
models    = ["*"]

{models}"""

MODEL = """\
[model.{model}]
context = 131072
output  = 32768
price   = {{ input = 0.15, output = 0.6 }}

"""

# The key of every provider; the mock asks for none.
VARIABLE = "BENCH_API_KEY"
SECRET = "bench-0123456789abcdef"


def _models(base_url, dialect, prefix, header=None):
    """A provider whose models are the upstream's ways to answer. Their ids begin with `prefix`, so that no model has two
    providers: calls to it would be shared among dialects, and it would not be known what was measured."""
    models = "".join(MODEL.format(model=prefix + model) for model in ("chat", "burst", "paced", "held"))
    return MODELS.format(base_url=base_url, dialect=dialect, variable=VARIABLE, models=models,
                         auth="header" if header else "bearer",
                         auth_name=f'name = "{header}"\n' if header else "")


def overlay(upstream_url):
    """The run's own catalogue folder: contents by path."""
    return {
        "weather/open-meteo.toml": WEATHER.format(url=upstream_url),
        "ai/bench.toml": _models(f"{upstream_url}/v1", "openai", ""),
        "ai/bench-anthropic.toml": _models(upstream_url, "anthropic", "anthropic-", "x-api-key"),
        "ai/bench-gemini.toml": _models(f"{upstream_url}/v1beta", "gemini", "gemini-", "x-goog-api-key"),
    }
