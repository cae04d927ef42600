"""Models by what they can, and what the simulator makes of a request.

A model of the simulator says again what it was last told, calls the tools that it is told to call, and thinks aloud
where it may.
"""

import base64

# Each of the four ways in which providers are spoken to, and the five that matter most.
GROQ = "groq/openai/gpt-oss-120b"
MISTRAL = "mistral/mistral-small-2603"
OPENROUTER = "openrouter/openai/gpt-oss-120b:free"
ANTHROPIC = "anthropic/claude-sonnet-4-5"
GEMINI = "gemini/gemini-2.5-flash"
OLLAMA = "ollama/llama3.2:latest"
EVERY = [GROQ, MISTRAL, OPENROUTER, ANTHROPIC, GEMINI, OLLAMA]
EVERY_AND_AUTO = [*EVERY, "auto"]
THAT_SEE = [MISTRAL, ANTHROPIC, GEMINI, OLLAMA]
THAT_THINK = [GROQ, ANTHROPIC, GEMINI, OLLAMA]

GREETING = "Hello, is anybody there?"
ECHO = f"You said: {GREETING}"

CITIES = ("Paris", "Oslo")
ASK_FOR_WEATHER = "\n".join(f'call the tool weather with {{"city": "{city}"}}' for city in CITIES)
TEMPERATURES = {"Paris": "12 °C", "Oslo": "3 °C"}
SUMMARY = "The tools said: 12 °C, 3 °C"
CITY_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Its usual name"}},
    "required": ["city"],
    "additionalProperties": False,
}

# A picture of one point.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PNG_BYTES = base64.b64decode(PNG)


def provider_of(model):
    return model.split("/")[0]
