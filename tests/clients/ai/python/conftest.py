"""Servers and clients for the tests beside this file."""

import sys
from pathlib import Path

import anthropic
import openai
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage_of_models import Simulator, stage_of_models  # noqa: E402


@pytest.fixture(scope="session")
def stage():
    """For whoever leaves every provider as well as it was."""
    with stage_of_models() as stage:
        yield stage


@pytest.fixture(scope="module")
def troubled():
    """For tests of a file that put providers under faults: each takes providers of its own."""
    with stage_of_models() as stage:
        yield stage


@pytest.fixture
def simulator(troubled):
    return Simulator(troubled.simulator)


@pytest.fixture(scope="session")
def ask(stage):
    """A client of OpenAI's."""
    return openai_client(stage)


@pytest.fixture(scope="session")
def claude(stage):
    """A client of Anthropic's."""
    return anthropic_client(stage)


def openai_client(stage, **options):
    """It does not ask twice: what fails once is a finding."""
    options = {"api_key": stage.key, "base_url": stage.base + "/v1", "max_retries": 0, "timeout": 30} | options
    return openai.OpenAI(**options)


def anthropic_client(stage, **options):
    options = {"api_key": stage.key, "base_url": stage.base, "max_retries": 0, "timeout": 30} | options
    return anthropic.Anthropic(**options)


def first_of(stage, provider):
    """A model of the provider that talks."""
    listed = openai_client(stage).models.list()
    return next(model.id for model in listed if model.id.startswith(provider + "/") and "chat" in model.tasks)
