"""A provider's bad day, as the official clients see it: not at all, or as their own error."""

import time

import anthropic
import openai
import pytest

from conftest import anthropic_client, first_of, openai_client
from known import ECHO, GREETING
from stage_of_models import Simulator, stage_of_models

SECOND = "mistral/mistral-small-2603"
# A provider that failed is left alone for a while: each letter has another one.
FIRST = {
    "refused": "groq/openai/gpt-oss-120b",
    "5xx": "openrouter/openai/gpt-oss-120b:free",
    "401": "cerebras/gpt-oss-120b",
    "429-bare": "gemini/gemini-2.5-flash",
    "429+retry-after": "anthropic/claude-sonnet-4-5",
    "200-error-body": "cohere/command-a-03-2025",
    "200-wrong-schema:empty": "sambanova/*",
    "200-wrong-schema:html": "nvidia/*",
    "200-wrong-schema:other-json": "huggingface/*",
    "truncated-json": "zai/*",
    "reset-mid-body": "deepseek/*",
    "redirect-to-private-ip": "together/*",
    "oversized-body": "fireworks/*",
}
FIRST_OF_STREAM = {
    "refused": "groq/openai/gpt-oss-120b",
    "5xx": "openrouter/openai/gpt-oss-120b:free",
    "429-bare": "gemini/gemini-2.5-flash",
    "401": "cerebras/gpt-oss-120b",
    "200-error-body": "cohere/command-a-03-2025",
    "200-wrong-schema:html": "nvidia/*",
    "header-timeout": "sambanova/*",
    "reset-after-0-chunks": "huggingface/*",
    "stall-after-0-chunks": "zai/*",
    "error-event-mid-stream:0": "anthropic/claude-sonnet-4-5",
    "eof-without-finish:0": "deepseek/*",
    "comments-then-error": "openai/gpt-4o-mini",
}
# After the first word nobody else can go on; each dialect tells its own way.
BROKEN = [
    ("groq/openai/gpt-oss-120b", "error-event-mid-stream:3"),
    ("openrouter/openai/gpt-oss-120b:free", "reset-after-3-chunks"),
    ("anthropic/claude-sonnet-4-5", "error-event-mid-stream:3"),
    ("gemini/gemini-2.5-flash", "eof-without-finish:3"),
    ("ollama/llama3.2:latest", "reset-after-3-chunks"),
]
USER = [{"role": "user", "content": GREETING}]
LONG = [{"role": "user", "content": "write 3000 words"}]


@pytest.fixture
def ask(troubled):
    return openai_client(troubled)


@pytest.fixture
def claude(troubled):
    return anthropic_client(troubled)


def named(stage, model):
    """The first model of a provider that talks, where any will do."""
    provider, _, rest = model.partition("/")
    return first_of(stage, provider) if rest == "*" else model


@pytest.mark.parametrize("fault, first", FIRST.items())
def test_who_fails_is_replaced_and_the_client_sees_nothing(ask, troubled, simulator, fault, first):
    first = named(troubled, first)
    provider = first.split("/")[0]
    simulator.put_under(provider, fault)
    asked = simulator.counts(provider).get("requests", 0)
    raw = ask.chat.completions.with_raw_response.create(model=first, messages=USER, extra_body={"models": [SECOND]})
    assert raw.parse().choices[0].message.content == ECHO
    assert simulator.counts(provider)["requests"] == asked + 1
    check_second(raw.headers)


@pytest.mark.parametrize("fault, first", FIRST_OF_STREAM.items())
def test_a_stream_begins_with_who_speaks_first(troubled_streams, fault, first):
    stage, simulator = troubled_streams
    ask = openai_client(stage)
    first = named(stage, first)
    simulator.put_under(first.split("/")[0], fault)
    began = time.monotonic()
    raw = ask.chat.completions.with_raw_response.create(
        model=first, messages=USER, stream=True, extra_body={"models": [SECOND]}
    )
    chunks = list(raw.parse())
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == ECHO
    assert time.monotonic() - began < 5
    check_second(raw.headers)


@pytest.fixture(scope="module")
def troubled_streams():
    """Each letter has another provider here too, none of which has failed before."""
    with stage_of_models() as stage:
        yield stage, Simulator(stage.simulator)


def check_second(headers):
    assert headers["x-guichet-provider"] == "mistral" and headers["x-guichet-model"] == "mistral-small-2603"
    assert headers["x-guichet-attempts"] == "2"
    leaked = [name for name in headers if "ratelimit" in name or "retry-after" in name or "groq" in name]
    assert leaked == []


def test_anthropics_client_is_spared_as_well(claude, simulator):
    simulator.put_under("perplexity", "5xx")
    raw = claude.messages.with_raw_response.create(
        model="perplexity/sonar", messages=USER, max_tokens=100, extra_body={"models": [SECOND]}
    )
    assert raw.parse().content[0].text == ECHO
    assert raw.headers["x-guichet-provider"] == "mistral"


@pytest.mark.parametrize("model, fault", BROKEN)
def test_a_stream_that_breaks_later_raises_the_clients_own_error(stage_of_broken, model, fault):
    stage, simulator = stage_of_broken
    provider = model.split("/")[0]
    simulator.put_under(provider, fault)
    # What comes at once with its failure is not handed out.
    simulator.pace(provider, between_ms=20)
    said = []
    with pytest.raises(openai.APIError) as raised:
        stream = openai_client(stage).chat.completions.create(model=model, messages=USER, stream=True)
        for chunk in stream:
            said += [choice.delta.content or "" for choice in chunk.choices]
    assert not isinstance(raised.value, openai.APIConnectionError), "told, not cut off"
    assert ECHO.startswith("".join(said)) and said
    said = []
    with pytest.raises(anthropic.APIStatusError):
        with anthropic_client(stage).messages.stream(model=model, messages=USER, max_tokens=100) as stream:
            for text in stream.text_stream:
                said.append(text)
    assert ECHO.startswith("".join(said)) and said


@pytest.fixture(scope="module")
def stage_of_broken():
    with stage_of_models() as stage:
        yield stage, Simulator(stage.simulator)


@pytest.mark.parametrize("model", ["vllm/llama3.2:latest", "gemini/gemini-2.5-pro", "ollama/llama3.2:latest"])
def test_a_stream_whose_client_leaves_ends_at_the_provider_within_a_second(stage_of_broken, model):
    stage, simulator = stage_of_broken
    provider = model.split("/")[0]
    simulator.put_under(provider, "ok")
    simulator.pace(provider, between_ms=5)
    left = simulator.counts(provider).get("streams_left", 0)
    stream = openai_client(stage).chat.completions.create(model=model, messages=LONG, stream=True)
    for _, _ in zip(range(5), stream):
        pass
    stream.close()
    until = time.monotonic() + 1
    while time.monotonic() < until and simulator.counts(provider)["streams_left"] == left:
        time.sleep(0.02)
    assert simulator.counts(provider)["streams_left"] == left + 1
