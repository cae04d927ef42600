// The AI SDK by Vercel, over its providers for OpenAI (responses and chat), for whoever is like OpenAI, and Anthropic.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from 'ai';
import { z } from 'zod';

import { ASK_FOR_WEATHER, ECHO, EVERY, GREETING, OLLAMA, SUMMARY, TEMPERATURES, stage } from './stage.mjs';

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => TEMPERATURES[city],
});
const Place = z.object({ name: z.string(), inhabitants: z.number() });
const LYON = { name: 'Lyon', inhabitants: 1 };
const options = { maxRetries: 0 };

let theatre;
let ways;

before(async () => {
  theatre = await stage();
  const there = { apiKey: theatre.key, baseURL: `${theatre.base}/v1` };
  const openai = createOpenAI(there);
  const alike = createOpenAICompatible({ name: 'guichet', includeUsage: true, supportsStructuredOutputs: true, ...there });
  const anthropic = createAnthropic(there);
  ways = { responses: openai, chat: openai.chat, alike, anthropic };
});
after(() => theatre?.end());

for (const way of ['responses', 'chat', 'alike', 'anthropic']) {
  for (const id of [...EVERY, 'auto']) {
    test(`${id} over ${way}: text, whole and in a stream`, async () => {
      const model = ways[way](id);
      const { text, usage, finishReason } = await generateText({ model, prompt: GREETING, ...options });
      assert.deepEqual([text, finishReason], [ECHO, 'stop']);
      assert.ok(usage.outputTokens > 0);
      const stream = streamText({ model, prompt: GREETING, onError: () => {}, ...options });
      let said = '';
      for await (const piece of stream.textStream) said += piece;
      assert.equal(said, ECHO);
      assert.ok((await stream.usage).outputTokens > 0);
    });
  }

  for (const id of EVERY) {
    test(`${id} over ${way}: tools are run and their results read`, async () => {
      const model = ways[way](id);
      const wish = { model, prompt: ASK_FOR_WEATHER, tools: { weather }, stopWhen: stepCountIs(3), ...options };
      const { text, steps } = await generateText(wish);
      assert.deepEqual([text, steps.length, steps[0].toolCalls.length], [SUMMARY, 2, 2]);
      assert.equal(await streamText({ onError: () => {}, ...wish }).text, SUMMARY);
    });

    // Over Anthropic's dialect a tool must be called for it, and Ollama cannot be told so.
    if (id === OLLAMA && way === 'anthropic') continue;
    test(`${id} over ${way}: an object of the wanted shape`, async () => {
      const wish = { model: ways[way](id), schema: Place, prompt: 'Lyon', ...options };
      assert.deepEqual((await generateObject(wish)).object, LYON);
      let last;
      for await (const partial of streamObject({ onError: () => {}, ...wish }).partialObjectStream) last = partial;
      assert.deepEqual(last, LYON);
    });
  }

  test(`${way}: errors are told apart`, async () => {
    await assert.rejects(generateText({ model: ways[way]('groq/no-such-model'), prompt: GREETING, ...options }), (error) => (
      APICallError.isInstance(error) && error.statusCode === 404 && !error.isRetryable
    ));
  });
}

test('vectors', async () => {
  const model = createOpenAI({ apiKey: theatre.key, baseURL: `${theatre.base}/v1` }).embedding('gemini/gemini-embedding-001');
  const { embeddings } = await embedMany({ model, values: [GREETING, 'Something else'], ...options });
  assert.ok(embeddings.length === 2 && embeddings[0].length > 3);
});
