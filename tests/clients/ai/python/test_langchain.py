"""LangChain, over OpenAI's client and over Anthropic's."""

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from known import ASK_FOR_WEATHER, CITIES, ECHO, EVERY, EVERY_AND_AUTO, GREETING, OLLAMA, SUMMARY, TEMPERATURES


class Place(BaseModel):
    """Somewhere to be."""

    name: str
    inhabitants: int


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return TEMPERATURES[city]


def over_openai(stage, model, **options):
    options |= {"stream_usage": True, "max_retries": 0}
    return ChatOpenAI(model=model, api_key=stage.key, base_url=stage.base + "/v1", **options)


def over_responses(stage, model):
    return over_openai(stage, model, use_responses_api=True)


def over_anthropic(stage, model):
    return ChatAnthropic(model=model, api_key=stage.key, base_url=stage.base, max_retries=0, max_tokens=500)


WAYS = pytest.mark.parametrize("way", [over_openai, over_responses, over_anthropic])


@WAYS
@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_an_answer_whole_and_piece_by_piece(stage, way, model):
    chat = way(stage, model)
    answer = chat.invoke(GREETING)
    assert answer.text == ECHO and answer.usage_metadata["output_tokens"] > 0
    pieces = list(chat.stream(GREETING))
    assert "".join(piece.text for piece in pieces) == ECHO and len(pieces) > 2
    together = sum(pieces[1:], pieces[0])
    assert together.usage_metadata["output_tokens"] == answer.usage_metadata["output_tokens"]


@WAYS
@pytest.mark.parametrize("model", EVERY)
def test_tools_are_called_and_their_results_are_read(stage, way, model):
    chat = way(stage, model).bind_tools([weather])
    said = [HumanMessage(ASK_FOR_WEATHER)]
    pieces = list(chat.stream(said))
    answer = sum(pieces[1:], pieces[0])
    assert [call["args"] for call in answer.tool_calls] == [{"city": city} for city in CITIES]
    whole = chat.invoke(said)
    for answer in (answer, whole):
        results = [weather.invoke(call) for call in answer.tool_calls]
        assert chat.invoke([*said, answer, *results]).text == SUMMARY


# Ollama cannot be told that a tool must be called.
SHAPES = [(model, "json_schema") for model in EVERY]
SHAPES += [(model, "function_calling") for model in EVERY if model != OLLAMA]


@WAYS
@pytest.mark.parametrize("model, method", SHAPES)
def test_an_answer_has_the_shape_of_a_class(stage, way, model, method):
    chat = way(stage, model).with_structured_output(Place, method=method)
    assert chat.invoke("Lyon") == Place(name="Lyon", inhabitants=1)


def test_vectors(stage):
    # Otherwise it would send numbers of tokens, which only OpenAI's models know.
    options = {"check_embedding_ctx_length": False}
    vectors = OpenAIEmbeddings(
        model="mistral/mistral-embed", api_key=stage.key, base_url=stage.base + "/v1", max_retries=0, **options
    )
    one, other = vectors.embed_documents([GREETING, "Something else"])
    assert len(one) == len(other) > 3 and one != other
