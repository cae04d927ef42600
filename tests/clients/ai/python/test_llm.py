"""`llm`, the command by Simon Willison, with models of its `extra-openai-models.yaml`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from known import ANTHROPIC, ECHO, EVERY_AND_AUTO, GEMINI, GREETING, MISTRAL, OLLAMA, PNG_BYTES

MODELS = """
- model_id: {name}
  model_name: {name}
  api_base: {base}/v1
  api_key_name: guichet
  vision: true
  supports_schema: true
  supports_tools: true
"""


@pytest.fixture(scope="module")
def llm(stage, tmp_path_factory):
    """Runs it; gives what it prints."""
    folder = tmp_path_factory.mktemp("llm")
    written = "".join(MODELS.format(name=name, base=stage.base) for name in EVERY_AND_AUTO)
    (folder / "extra-openai-models.yaml").write_text(written)
    (folder / "keys.json").write_text(json.dumps({"guichet": stage.key}))
    environment = {**os.environ, "LLM_USER_PATH": str(folder)}
    program = Path(sys.executable).with_name("llm")

    def run(*arguments, text=""):
        ran = subprocess.run(
            [program, *arguments], env=environment, input=text, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    return run


# It takes seconds to start: so not for every model.
@pytest.mark.parametrize("model", ["auto", ANTHROPIC, OLLAMA])
def test_an_answer_is_printed(llm, model):
    assert llm("-m", model, GREETING) == ECHO


def test_without_a_stream_with_a_picture_and_with_a_schema(llm, tmp_path):
    model = MISTRAL
    assert llm("-m", model, "--no-stream", text=GREETING) == ECHO
    picture = tmp_path / "point.png"
    picture.write_bytes(PNG_BYTES)
    assert llm("-m", model, "-a", picture, "Look!") == "You said: Look! I see 1 image."
    assert json.loads(llm("-m", model, "--schema", "name, age int", "Ada")) == {"name": "Ada", "age": 1}


def test_its_own_tools_are_called_and_the_conversation_goes_on(llm):
    model = GEMINI
    said = llm("-m", model, "-T", "llm_version", "call the tool llm_version with {}")
    assert said == "The tools said: " + llm("--version").split()[-1]
    assert llm("-m", model, "-c", "And now?") == "You said: And now?"
