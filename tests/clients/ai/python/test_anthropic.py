"""Anthropic's own Python client."""

import anthropic
import pytest
from pydantic import BaseModel

from known import (
    ANTHROPIC, ASK_FOR_WEATHER, CITIES, CITY_SCHEMA, ECHO, EVERY, EVERY_AND_AUTO, GEMINI, GREETING, OLLAMA, PNG,
    SUMMARY, TEMPERATURES, THAT_SEE, THAT_THINK, provider_of,
)

WEATHER = {"name": "weather", "description": "The weather in a city", "input_schema": CITY_SCHEMA}
SHORT = {"max_tokens": 500}


class Place(BaseModel):
    name: str
    inhabitants: int


def user(content):
    return {"role": "user", "content": content}


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_a_message_is_answered_and_the_headers_say_by_whom(claude, model):
    messages = [user("Hi"), {"role": "assistant", "content": "Yes?"}, user(GREETING)]
    raw = claude.messages.with_raw_response.create(model=model, system="Be brief.", messages=messages, **SHORT)
    answer = raw.parse()
    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn")
    [block] = answer.content
    assert (block.type, block.text) == ("text", ECHO)
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0 and answer.id and answer.model
    assert raw.headers["x-guichet-provider"] == provider_of(model) or model == "auto"
    assert raw.headers["request-id"] == raw.headers["x-request-id"]


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_a_stream_has_all_its_events_in_order(claude, model):
    with claude.messages.stream(model=model, messages=[user(GREETING)], **SHORT) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    # The client makes `text` of what it read: the rest is what was sent.
    sent = [kind for kind in kinds if kind != "text"]
    begins, ends = ["message_start", "content_block_start"], ["content_block_stop", "message_delta", "message_stop"]
    assert sent[:2] == begins and sent[-3:] == ends and set(sent[2:-3]) == {"content_block_delta"}
    assert final.content[0].text == ECHO and final.stop_reason == "end_turn"
    assert final.usage.output_tokens > 0 and final.usage.input_tokens > 0


@pytest.mark.parametrize("model", EVERY)
def test_two_tools_are_called_at_once_and_their_results_are_read(claude, model):
    answer = claude.messages.create(model=model, messages=[user(ASK_FOR_WEATHER)], tools=[WEATHER], **SHORT)
    check_results_are_read(claude, model, answer)


@pytest.mark.parametrize("model", EVERY)
def test_tool_calls_are_put_together_from_a_stream(claude, model):
    with claude.messages.stream(model=model, messages=[user(ASK_FOR_WEATHER)], tools=[WEATHER], **SHORT) as stream:
        answer = stream.get_final_message()
    check_results_are_read(claude, model, answer)


def check_results_are_read(claude, model, answer):
    assert answer.stop_reason == "tool_use"
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": city} for city in CITIES]
    assert len({call.id for call in calls}) == len(CITIES) and {call.name for call in calls} == {"weather"}
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": TEMPERATURES[call.input["city"]]} for call in calls
    ]
    messages = [user(ASK_FOR_WEATHER), {"role": "assistant", "content": answer.content}, user(results)]
    answer = claude.messages.create(model=model, messages=messages, tools=[WEATHER], **SHORT)
    assert answer.content[-1].text == SUMMARY


@pytest.mark.parametrize("model", EVERY)
def test_a_tool_that_must_be_called_is_called(claude, model):
    choice = {"type": "tool", "name": "weather"}
    raw = claude.messages.with_raw_response.create(
        model=model, messages=[user("Oslo")], tools=[WEATHER], tool_choice=choice, **SHORT
    )
    if model == OLLAMA:
        assert raw.headers["x-guichet-dropped"] == "tool_choice", "it has no such thing, and the client is told"
        return
    assert raw.parse().content[-1].input == {"city": "Oslo"}


@pytest.mark.parametrize("model", THAT_THINK)
def test_thoughts_come_before_the_answer_whole_and_in_a_stream(claude, model):
    options = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    answer = claude.messages.create(model=model, messages=[user(GREETING)], **options)
    with claude.messages.stream(model=model, messages=[user(GREETING)], **options) as stream:
        streamed = stream.get_final_message()
    for message in (answer, streamed):
        thought, text = message.content
        assert thought.type == "thinking" and "so I say them again" in thought.thinking
        assert (text.type, text.text) == ("text", ECHO)
    # What was thought may be sent back.
    messages = [user(GREETING), {"role": "assistant", "content": answer.content}, user("And now?")]
    again = claude.messages.create(model=model, messages=messages, **options)
    assert again.content[-1].text == "You said: And now?"


@pytest.mark.parametrize("model", THAT_SEE)
def test_a_picture_is_seen(claude, model):
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": "Look!"}]
    answer = claude.messages.create(model=model, messages=[user(parts)], **SHORT)
    assert answer.content[0].text == "You said: Look! I see 1 image."


@pytest.mark.parametrize("model", EVERY)
def test_an_answer_that_is_cut_says_so(claude, model):
    answer = claude.messages.create(model=model, messages=[user(GREETING)], max_tokens=3)
    assert answer.stop_reason == "max_tokens"


@pytest.mark.parametrize("model", EVERY)
def test_an_answer_that_is_stopped_says_so(claude, model):
    answer = claude.messages.create(model=model, messages=[user(GREETING)], stop_sequences=["anybody"], **SHORT)
    assert answer.content[0].text == "You said: Hello, is "
    assert answer.stop_reason in ("stop_sequence", "end_turn")
    assert answer.stop_reason == "stop_sequence" or model != ANTHROPIC, "others cannot say which text ended it"


@pytest.mark.parametrize("model", EVERY)
def test_an_answer_has_the_shape_of_a_class(claude, model):
    answer = claude.messages.parse(model=model, messages=[user("Lyon")], output_format=Place, **SHORT)
    assert answer.parsed_output == Place(name="Lyon", inhabitants=1)


@pytest.mark.parametrize("model", EVERY_AND_AUTO)
def test_tokens_are_counted_without_asking_anybody(claude, model):
    count = claude.messages.count_tokens(model=model, messages=[user(GREETING)], tools=[WEATHER])
    longer = claude.messages.count_tokens(model=model, messages=[user(GREETING * 20)], tools=[WEATHER])
    assert 0 < count.input_tokens < longer.input_tokens


def test_marks_for_a_cache_do_no_harm(claude):
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    for model in EVERY:
        answer = claude.messages.create(model=model, system=system, messages=[user(GREETING)], **SHORT)
        assert answer.content[0].text == ECHO


def test_models_are_listed_page_by_page_and_found_again(claude):
    listed = [model.id for model in claude.models.list(limit=7)]
    assert {ANTHROPIC, GEMINI, "auto"} <= {*listed} and len(listed) == len({*listed})
    assert claude.models.retrieve(ANTHROPIC).id == ANTHROPIC
    with pytest.raises(anthropic.NotFoundError):
        claude.models.retrieve("anthropic/no-such-model")


def test_batches_are_refused_with_what_to_do_instead(claude):
    with pytest.raises(anthropic.NotFoundError, match="has no batches: send each message by itself"):
        claude.messages.batches.list()
