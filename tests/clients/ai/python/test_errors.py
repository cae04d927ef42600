"""What the official clients raise: their own typed exceptions, with a sentence that says what to do."""

import time

import anthropic
import openai
import pytest

from conftest import anthropic_client, first_of, openai_client
from stage_of_models import limited_key, stage_of_models

GREETING = [{"role": "user", "content": "Hello"}]


class OpenAi:
    errors = openai
    # There is no class of its own for it.
    too_large = openai.APIStatusError
    client = staticmethod(openai_client)

    @staticmethod
    def say(client, model, messages=GREETING, **options):
        return client.chat.completions.create(model=model, messages=messages, **options)


class Anthropic:
    errors = anthropic
    too_large = anthropic.ContentTooLargeError
    client = staticmethod(anthropic_client)

    @staticmethod
    def say(client, model, messages=GREETING, **options):
        return client.messages.create(model=model, messages=messages, max_tokens=100, **options)


BOTH = pytest.mark.parametrize("sdk", [OpenAi, Anthropic], ids=["openai", "anthropic"])


@BOTH
def test_400_names_the_member_that_is_wrong(stage, sdk):
    client = sdk.client(stage)
    with pytest.raises(sdk.errors.BadRequestError, match="messages") as raised:
        sdk.say(client, "auto", messages="hello")
    assert raised.value.request_id
    with pytest.raises(sdk.errors.BadRequestError, match="x-guichet-providers.*did you mean `groq`"):
        sdk.say(client, "auto", extra_headers={"x-guichet-providers": "grok"})


@BOTH
def test_401_for_a_key_that_is_none(stage, sdk):
    for key in ("sk-not-one-of-ours", stage.key[:-1] + ("0" if stage.key[-1] != "0" else "1")):
        with pytest.raises(sdk.errors.AuthenticationError) as raised:
            sdk.say(sdk.client(stage, api_key=key), "auto")
        assert key not in str(raised.value)


@BOTH
def test_404_for_a_model_that_is_none_with_the_nearest_that_is(stage, sdk):
    with pytest.raises(sdk.errors.NotFoundError, match="did you mean `.*gpt-oss-120b"):
        sdk.say(sdk.client(stage), "gpt-oss-120")
    # Groq is asked, since it may have models that nobody here knows; and not asked again.
    for _ in range(2):
        with pytest.raises(sdk.errors.NotFoundError, match="no provider has a model of this name: groq"):
            sdk.say(sdk.client(stage), "groq/no-such-model")


@BOTH
def test_413_for_a_body_that_is_too_large(stage, sdk):
    large = [{"role": "user", "content": "x" * 1_500_000}]
    with pytest.raises(sdk.too_large) as raised:
        sdk.say(sdk.client(stage), "auto", messages=large)
    assert raised.value.status_code == 413


# Those that a provider told to wait are not asked again: so each client has its own.
@pytest.mark.parametrize("sdk, model", [(OpenAi, "groq/openai/gpt-oss-20b"), (Anthropic, "zai/glm-4.5-flash")])
def test_429_where_the_only_one_who_could_answer_says_when_to_come_back(troubled, simulator, sdk, model):
    simulator.put_under(model.split("/")[0], "429+retry-after")
    client = sdk.client(troubled)
    for _ in range(2):
        with pytest.raises(sdk.errors.RateLimitError) as raised:
            sdk.say(client, model)
        assert 0 < int(raised.value.response.headers["retry-after"]) <= 3600
        assert model.split("/")[0] in str(raised.value)


@BOTH
def test_429_for_a_quota_is_waited_for_by_the_client_itself(sdk):
    """Mistral takes one request a second."""
    with stage_of_models(quotas=True) as stage:
        hasty, patient = sdk.client(stage), sdk.client(stage, max_retries=3)
        model = "mistral/mistral-small-2603"
        with pytest.raises(sdk.errors.RateLimitError) as raised:
            for _ in range(20):
                sdk.say(hasty, model)
        assert int(raised.value.response.headers["retry-after"]) == 1
        began = time.monotonic()
        for _ in range(3):
            sdk.say(patient, model)
        assert 1 < time.monotonic() - began < 10


@BOTH
def test_429_for_a_limit_of_the_callers_own_names_it_and_is_waited_for(stage, sdk):
    key = limited_key(stage, "2 requests per 6s")
    hasty, patient = sdk.client(stage, api_key=key), sdk.client(stage, api_key=key, max_retries=3)
    model = "groq/openai/gpt-oss-20b"
    with pytest.raises(sdk.errors.RateLimitError, match="the key's limit of 2 requests per 6s is reached") as raised:
        for _ in range(20):
            sdk.say(hasty, model)
    headers = raised.value.response.headers
    assert 1 <= int(headers["retry-after"]) <= 3
    assert headers["ratelimit-policy"] == '"key-requests-per-6s";q=2;w=6'
    assert headers["ratelimit"].startswith('"key-requests-per-6s";r=0;t=')
    for _ in range(3):
        sdk.say(patient, model)


@BOTH
def test_429_for_a_budget_that_cannot_cover_the_call_is_not_asked_again(stage, sdk):
    client = sdk.client(stage, api_key=limited_key(stage, "50 tokens each day"), max_retries=3)
    began = time.monotonic()
    with pytest.raises(sdk.errors.RateLimitError, match="ask for less"):
        sdk.say(client, "groq/openai/gpt-oss-20b")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("sdk, provider, fault, status", [
    (OpenAi, "together", "5xx", 502),
    (Anthropic, "fireworks", "5xx", 502),
    (OpenAi, "huggingface", "200-wrong-schema:html", 502),
    (Anthropic, "nvidia", "reset-mid-body", 502),
    (OpenAi, "deepseek", "header-timeout", 504),
    (Anthropic, "cerebras", "header-timeout", 504),
])
def test_5xx_where_nobody_answers(troubled, simulator, sdk, provider, fault, status):
    simulator.put_under(provider, fault)
    client = sdk.client(troubled)
    model = first_of(troubled, provider)
    with pytest.raises(sdk.errors.InternalServerError) as raised:
        sdk.say(client, model, extra_headers={"x-guichet-timeout-ms": "1500"})
    assert raised.value.status_code == status
    assert provider in str(raised.value) and "http" not in str(raised.value)


@BOTH
def test_503_where_nobody_may_be_asked_for_a_while(troubled, simulator, sdk):
    provider = {OpenAi: "xai", Anthropic: "sambanova"}[sdk]
    simulator.put_under(provider, "5xx")
    client = sdk.client(troubled)
    model = first_of(troubled, provider)
    statuses = []
    for _ in range(12):
        with pytest.raises(sdk.errors.InternalServerError) as raised:
            sdk.say(client, model)
        statuses.append(raised.value.status_code)
    assert statuses[0] == 502 and statuses[-1] in (503, 529), statuses
    assert int(raised.value.response.headers["retry-after"]) > 0
