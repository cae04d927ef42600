"""OpenAI's own Python client, where it does not talk: vectors, sound, pictures, judgements, and what is refused."""

import base64
import io

import openai
import pytest

from known import GREETING, PNG_BYTES

VECTORS = [
    "openai/text-embedding-3-small", "mistral/mistral-embed", "gemini/gemini-embedding-001",
    "ollama/nomic-embed-text:latest", "cohere/embed-v4.0",
]
SPEAKER = "openai/gpt-4o-mini-tts"
LISTENERS = ["openai/whisper-1", "groq/whisper-large-v3"]


@pytest.mark.parametrize("model", VECTORS)
def test_vectors_are_the_same_as_numbers_and_as_bytes(ask, model):
    texts = [GREETING, "Something else"]
    # Without a format the client asks for base64 and unpacks it.
    packed = ask.embeddings.create(model=model, input=texts)
    plain = ask.embeddings.create(model=model, input=texts, encoding_format="float")
    assert [vector.index for vector in packed.data] == [0, 1] and packed.usage.prompt_tokens > 0
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6) and len(one.embedding) > 3
    assert plain.data[0].embedding != plain.data[1].embedding


@pytest.mark.parametrize("model", ["openai/text-embedding-3-small", "gemini/gemini-embedding-001"])
def test_shorter_vectors(ask, model):
    answer = ask.embeddings.create(model=model, input=GREETING, dimensions=8)
    assert len(answer.data[0].embedding) == 8


@pytest.mark.parametrize("listener", LISTENERS)
def test_what_is_spoken_is_written_down_and_translated(ask, listener):
    sound = ask.audio.speech.create(model=SPEAKER, voice="alloy", input=GREETING)
    assert sound.response.headers["content-type"] == "audio/mpeg" and sound.response.headers["x-guichet-provider"]
    file = ("greeting.mp3", io.BytesIO(sound.content), "audio/mpeg")
    heard = ask.audio.transcriptions.create(model=listener, file=file, language="en")
    assert heard.text == GREETING
    file[1].seek(0)
    assert ask.audio.translations.create(model=listener, file=file).text == f"In English: {GREETING}"


def test_speech_comes_as_a_stream_too(ask, tmp_path):
    target = tmp_path / "greeting.mp3"
    with ask.audio.speech.with_streaming_response.create(model=SPEAKER, voice="alloy", input=GREETING) as sound:
        sound.stream_to_file(target)
    assert GREETING.encode() in target.read_bytes()


@pytest.mark.parametrize("form, part", [("text", GREETING), ("srt", "00:00:00,000 -->"), ("vtt", "WEBVTT")])
def test_what_is_written_down_comes_in_the_wanted_form(ask, form, part):
    sound = ask.audio.speech.create(model=SPEAKER, voice="alloy", input=GREETING).content
    heard = ask.audio.transcriptions.create(model="openai/whisper-1", file=("a.mp3", sound), response_format=form)
    assert part in heard and GREETING in heard


def test_a_picture_is_painted(ask):
    painted = ask.images.generate(model="openai/gpt-image-1-mini", prompt="A point", n=2)
    assert [base64.b64decode(image.b64_json) for image in painted.data] == [PNG_BYTES] * 2


@pytest.mark.parametrize("model", ["openai/omni-moderation-latest", "mistral/mistral-moderation-latest"])
def test_texts_are_judged(ask, model):
    answer = ask.moderations.create(model=model, input=[GREETING, "I will kill you"])
    assert len(answer.results) == 2
    assert answer.results[0].flagged is False
    assert answer.results[0].category_scores.violence is not None


def test_files_are_refused_with_what_to_do_instead(ask):
    with pytest.raises(openai.NotFoundError, match="keeps no files: send what they hold within the request"):
        ask.files.create(file=("a.txt", b"hello"), purpose="assistants")
    with pytest.raises(openai.NotFoundError, match="keeps no responses"):
        ask.responses.retrieve("resp_1")
    with pytest.raises(openai.NotFoundError, match="has no batches"):
        ask.batches.list()
