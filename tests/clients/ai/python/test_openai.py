"""OpenAI's own Python client, where it talks."""

import json
import time

import openai
import pytest
from pydantic import BaseModel

from known import (
    ANTHROPIC, ASK_FOR_WEATHER, CITIES, CITY_SCHEMA, ECHO, EVERY, EVERY_AND_AUTO, GREETING, GROQ, OLLAMA, PNG, SUMMARY, TEMPERATURES,
    THAT_SEE, provider_of,
)

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather in a city", "parameters": CITY_SCHEMA},
}


class Place(BaseModel):
    name: str
    inhabitants: int
    rivers: list[str]


def user(text):
    return {"role": "user", "content": text}


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_a_conversation_is_answered_and_the_headers_say_by_whom(ask, model):
    messages = [{"role": "system", "content": "Be brief."}, user("Hi"), {"role": "assistant", "content": "Yes?"}]
    raw = ask.chat.completions.with_raw_response.create(model=model, messages=[*messages, user(GREETING)])
    answer = raw.parse()
    assert answer.object == "chat.completion" and answer.id and answer.model
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", ECHO, "stop")
    usage = answer.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    said = raw.headers
    assert said["x-guichet-provider"] == provider_of(model) or model == "auto"
    assert said["x-guichet-model"] and said["x-guichet-attempts"] == "1" and said["x-request-id"]


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_a_stream_is_a_first_role_then_text_then_one_finish_then_the_usage(ask, model):
    stream = ask.chat.completions.create(
        model=model, messages=[user(GREETING)], stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert "".join(delta.content or "" for delta in deltas) == ECHO
    assert deltas[0].role == "assistant" and finishes == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1 and chunks[0].id
    assert len(usages) == 1 and usages[0].completion_tokens > 0
    assert chunks[-1].usage, "the usage comes last, in a chunk of its own or with the finish"


@pytest.mark.parametrize("model", EVERY)
def test_a_stream_tells_no_usage_to_who_did_not_ask(ask, model):
    chunks = list(ask.chat.completions.create(model=model, messages=[user(GREETING)], stream=True))
    assert all(chunk.choices for chunk in chunks if chunk.usage), "a chunk without a choice breaks many programs"


@pytest.mark.parametrize("model", EVERY)
def test_two_tools_are_called_at_once_and_their_results_are_read(ask, model):
    messages = [user(ASK_FOR_WEATHER)]
    answer = ask.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    [choice] = answer.choices
    assert choice.finish_reason == "tool_calls"
    check_calls(choice.message.tool_calls)
    messages += [choice.message, *results(choice.message.tool_calls)]
    answer = ask.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == SUMMARY


@pytest.mark.parametrize("model", EVERY)
def test_tool_calls_are_put_together_from_a_stream(ask, model):
    with ask.chat.completions.stream(model=model, messages=[user(ASK_FOR_WEATHER)], tools=[WEATHER]) as stream:
        kinds = {event.type for event in stream}
        message = stream.get_final_completion().choices[0].message
    assert "tool_calls.function.arguments.done" in kinds
    check_calls(message.tool_calls)
    messages = [user(ASK_FOR_WEATHER), message.model_dump(exclude_none=True), *results(message.tool_calls)]
    answer = ask.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == SUMMARY


@pytest.mark.parametrize("model", EVERY)
def test_a_tool_that_must_be_called_is_called(ask, model):
    choice = {"type": "function", "function": {"name": "weather"}}
    raw = ask.chat.completions.with_raw_response.create(
        model=model, messages=[user("Oslo")], tools=[WEATHER], tool_choice=choice
    )
    if model == OLLAMA:
        assert raw.headers["x-guichet-dropped"] == "tool_choice", "it has no such thing, and the client is told"
        return
    [call] = raw.parse().choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Oslo"}


def check_calls(calls):
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": city} for city in CITIES]
    assert {call.function.name for call in calls} == {"weather"} and {call.type for call in calls} == {"function"}
    assert len({call.id for call in calls}) == len(CITIES) and all(call.id for call in calls)


def results(calls):
    cities = [json.loads(call.function.arguments)["city"] for call in calls]
    return [
        {"role": "tool", "tool_call_id": call.id, "content": TEMPERATURES[city]} for call, city in zip(calls, cities)
    ]


@pytest.mark.parametrize("model", EVERY)
def test_an_answer_has_the_shape_of_a_class(ask, model):
    answer = ask.chat.completions.parse(model=model, messages=[user("Lyon")], response_format=Place)
    place = answer.choices[0].message.parsed
    assert place == Place(name="Lyon", inhabitants=1, rivers=["Lyon"])


@pytest.mark.parametrize("model", [model for model in EVERY if model != ANTHROPIC])
def test_any_json_may_be_asked_for(ask, model):
    answer = ask.chat.completions.create(
        model=model, messages=[user("Say it in JSON")], response_format={"type": "json_object"}
    )
    assert json.loads(answer.choices[0].message.content) == {"said": "Say it in JSON"}


def test_any_json_is_asked_for_in_words_where_the_model_has_no_such_mode(ask):
    raw = ask.chat.completions.with_raw_response.create(
        model=ANTHROPIC, messages=[user("Say it in JSON")], response_format={"type": "json_object"}
    )
    assert "x-guichet-dropped" not in raw.headers
    assert raw.parse().choices[0].message.content


@pytest.mark.parametrize("model", EVERY)
def test_an_answer_that_is_cut_says_so(ask, model):
    answer = ask.chat.completions.create(model=model, messages=[user(GREETING)], max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    with pytest.raises(openai.LengthFinishReasonError):
        ask.chat.completions.parse(model=model, messages=[user("Lyon is nice")], max_tokens=1, response_format=Place)


@pytest.mark.parametrize("model", THAT_SEE)
def test_a_picture_is_seen(ask, model):
    parts = [
        {"type": "text", "text": "Look!"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    answer = ask.chat.completions.create(model=model, messages=[user(parts)])
    assert answer.choices[0].message.content == "You said: Look! I see 1 image."


@pytest.mark.parametrize("model", [GROQ, ANTHROPIC, OLLAMA])
def test_thoughts_are_asked_for_and_told(ask, model):
    answer = ask.chat.completions.create(model=model, messages=[user(GREETING)], reasoning_effort="low")
    message = answer.choices[0].message
    assert message.content == ECHO
    assert "so I say them again" in (getattr(message, "reasoning_content", None) or message.reasoning)


def test_several_answers_likelihoods_and_a_seed(ask):
    answer = ask.chat.completions.create(
        model="openai/gpt-4o-mini", messages=[user(GREETING)], n=2, logprobs=True, seed=7, stop=["anybody"]
    )
    assert [choice.message.content for choice in answer.choices] == ["You said: Hello, is "] * 2
    assert answer.choices[0].logprobs.content[0].logprob < 0


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_a_response_whole_and_in_events(ask, model):
    answer = ask.responses.create(model=model, instructions="Be brief.", input=GREETING)
    assert (answer.object, answer.status, answer.output_text) == ("response", "completed", ECHO)
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0
    events = list(ask.responses.create(model=model, input=GREETING, stream=True))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == ECHO
    assert events[-1].response.output_text == ECHO
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.parametrize("model", EVERY)
def test_tools_through_responses(ask, model):
    tool = {"type": "function", "strict": False} | WEATHER["function"]
    said = [user(ASK_FOR_WEATHER)]
    with ask.responses.stream(model=model, input=said, tools=[tool]) as stream:
        answer = stream.until_done().get_final_response()
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == [{"city": city} for city in CITIES]
    said += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output]
    said += [
        {"type": "function_call_output", "call_id": call.call_id, "output": TEMPERATURES[city]}
        for call, city in zip(calls, CITIES)
    ]
    assert ask.responses.create(model=model, input=said, tools=[tool]).output_text == SUMMARY


@pytest.mark.parametrize("model", EVERY)
def test_a_response_has_the_shape_of_a_class(ask, model):
    answer = ask.responses.parse(model=model, input="Lyon", text_format=Place)
    assert answer.output_parsed == Place(name="Lyon", inhabitants=1, rivers=["Lyon"])


@pytest.mark.parametrize("model", EVERY)
def test_the_older_door_of_completions(ask, model):
    answer = ask.completions.create(model=model, prompt=GREETING)
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == ("text_completion", ECHO, "stop")
    chunks = list(ask.completions.create(model=model, prompt=GREETING, stream=True))
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == ECHO


def test_models_are_listed_and_found_again(ask):
    listed = [model.id for model in ask.models.list()]
    assert {*EVERY_AND_AUTO} - {OLLAMA} <= {*listed} and len(listed) == len({*listed})
    found = ask.models.retrieve(GROQ)
    assert (found.id, found.object, found.owned_by) == (GROQ, "model", "groq")
    with pytest.raises(openai.NotFoundError):
        ask.models.retrieve("groq/no-such-model")


def test_local_servers_are_found_by_themselves_a_moment_after_the_start(ask):
    until = time.monotonic() + 10
    while time.monotonic() < until and OLLAMA not in (model.id for model in ask.models.list()):
        time.sleep(0.1)
    assert ask.models.retrieve(OLLAMA).owned_by == "ollama"


@pytest.mark.anyio
async def test_the_asynchronous_client(stage):
    async with openai.AsyncOpenAI(api_key=stage.key, base_url=stage.base + "/v1", max_retries=0) as ask:
        stream = await ask.chat.completions.create(model=GROQ, messages=[user(GREETING)], stream=True)
        text = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert "".join(text) == ECHO


@pytest.fixture
def anyio_backend():
    return "asyncio"
