"""LiteLLM as a client, in either dialect."""

import os

# Otherwise it asks GitHub for prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
import pytest  # noqa: E402

from known import ASK_FOR_WEATHER, CITIES, CITY_SCHEMA, ECHO, EVERY, GREETING, GROQ  # noqa: E402

WAYS = pytest.mark.parametrize("way, path", [("openai", "/v1"), ("anthropic", "")])
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": CITY_SCHEMA}}


def complete(stage, way, path, model, text=GREETING, **options):
    return litellm.completion(
        model=f"{way}/{model}", api_base=stage.base + path, api_key=stage.key, max_retries=0, max_tokens=500,
        messages=[{"role": "user", "content": text}], **options,
    )


@WAYS
@pytest.mark.parametrize("model", EVERY)
def test_an_answer_whole_and_piece_by_piece(stage, way, path, model):
    answer = complete(stage, way, path, model)
    assert answer.choices[0].message.content == ECHO and answer.usage.completion_tokens > 0
    pieces = list(complete(stage, way, path, model, stream=True))
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == ECHO
    assert pieces[-1].choices[0].finish_reason == "stop"


@WAYS
@pytest.mark.parametrize("model", EVERY)
def test_tools_are_called(stage, way, path, model):
    answer = complete(stage, way, path, model, ASK_FOR_WEATHER, tools=[WEATHER])
    calls = answer.choices[0].message.tool_calls
    assert [call.function.arguments.replace(" ", "") for call in calls] == [f'{{"city":"{city}"}}' for city in CITIES]


def test_vectors(stage):
    answer = litellm.embedding(
        model="openai/gemini/gemini-embedding-001", api_base=stage.base + "/v1", api_key=stage.key, input=[GREETING]
    )
    assert len(answer.data[0]["embedding"]) > 3


@WAYS
def test_its_own_exceptions_are_raised(stage, way, path):
    with pytest.raises(litellm.NotFoundError):
        complete(stage, way, path, "groq/no-such-model")
    with pytest.raises(litellm.AuthenticationError):
        complete(stage._replace(key="sk-none"), way, path, GROQ)
