// Anthropic's own client for Node.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import {
  ANTHROPIC, ASK_FOR_WEATHER, CITIES, CITY_SCHEMA, ECHO, EVERY, GEMINI, GREETING, GROQ, OLLAMA, SUMMARY, TEMPERATURES, stage,
} from './stage.mjs';

const TOOLS = [{ name: 'weather', description: 'The weather in a city', input_schema: CITY_SCHEMA }];
const SHORT = { max_tokens: 500 };
const user = (content) => ({ role: 'user', content });

let theatre;
let claude;

before(async () => {
  theatre = await stage();
  claude = new Anthropic({ apiKey: theatre.key, baseURL: theatre.base, maxRetries: 0 });
});
after(() => theatre?.end());

for (const model of [...EVERY, 'auto']) {
  test(`${model}: a message, whole and in a stream`, async () => {
    const request = { model, system: 'Be brief.', messages: [user(GREETING)], ...SHORT };
    const { data, response } = await claude.messages.create(request).withResponse();
    assert.deepEqual(data.content.map((block) => block.text), [ECHO]);
    assert.equal(data.stop_reason, 'end_turn');
    assert.ok(model === 'auto' || response.headers.get('x-guichet-provider') === model.split('/')[0]);

    const stream = claude.messages.stream(request);
    let said = '';
    stream.on('text', (text) => (said += text));
    const final = await stream.finalMessage();
    assert.equal(said, ECHO);
    assert.ok(final.usage.output_tokens > 0);
  });
}

for (const model of EVERY) {
  test(`${model}: two tools at once, put together from a stream, and their results`, async () => {
    const said = [user(ASK_FOR_WEATHER)];
    const answer = await claude.messages.stream({ model, messages: said, tools: TOOLS, ...SHORT }).finalMessage();
    assert.equal(answer.stop_reason, 'tool_use');
    const calls = answer.content.filter((block) => block.type === 'tool_use');
    assert.deepEqual(calls.map((call) => call.input.city), CITIES);
    const results = calls.map(({ id, input }) => (
      { type: 'tool_result', tool_use_id: id, content: TEMPERATURES[input.city] }
    ));
    const messages = [...said, { role: 'assistant', content: answer.content }, user(results)];
    const last = await claude.messages.create({ model, messages, tools: TOOLS, ...SHORT });
    assert.equal(last.content.at(-1).text, SUMMARY);
  });
}

for (const model of [GROQ, ANTHROPIC, GEMINI, OLLAMA]) {
  test(`${model}: thoughts come before the answer`, async () => {
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    const stream = claude.messages.stream({ model, messages: [user(GREETING)], thinking, max_tokens: 2000 });
    const [thought, text] = (await stream.finalMessage()).content;
    assert.match(thought.thinking, /so I say them again/);
    assert.equal(text.text, ECHO);
  });
}

test('tokens are counted and models listed', async () => {
  const { input_tokens: count } = await claude.messages.countTokens({ model: 'auto', messages: [user(GREETING)] });
  assert.ok(count > 0);
  const listed = [];
  for await (const model of claude.models.list({ limit: 20 })) listed.push(model.id);
  assert.ok(listed.includes(ANTHROPIC) && listed.includes('auto') && new Set(listed).size === listed.length);
});
