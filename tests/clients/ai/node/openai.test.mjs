// OpenAI's own client for Node.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI, { toFile } from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import {
  ASK_FOR_WEATHER, CITIES, CITY_SCHEMA, ECHO, EVERY, GEMINI, GREETING, GROQ, MISTRAL, SUMMARY, TEMPERATURES, stage,
} from './stage.mjs';

const WEATHER = { name: 'weather', description: 'The weather in a city', parameters: CITY_SCHEMA };
const TOOLS = [{ type: 'function', function: WEATHER }];
const Place = z.object({ name: z.string(), inhabitants: z.number(), rivers: z.array(z.string()) });
const LYON = { name: 'Lyon', inhabitants: 1, rivers: ['Lyon'] };
const user = (content) => ({ role: 'user', content });

let theatre;
let ask;

before(async () => {
  theatre = await stage();
  ask = new OpenAI({ apiKey: theatre.key, baseURL: `${theatre.base}/v1`, maxRetries: 0 });
});
after(() => theatre?.end());

for (const model of [...EVERY, 'auto']) {
  test(`${model}: a conversation, whole and in a stream`, async () => {
    const { data, response } = await ask.chat.completions.create({ model, messages: [user(GREETING)] }).withResponse();
    assert.equal(data.choices[0].message.content, ECHO);
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.ok(model === 'auto' || response.headers.get('x-guichet-provider') === model.split('/')[0]);

    const stream = ask.chat.completions.stream({
      model, messages: [user(GREETING)], stream_options: { include_usage: true },
    });
    assert.equal(await stream.finalContent(), ECHO);
    assert.ok((await stream.totalUsage()).completion_tokens > 0);
  });

  test(`${model}: a response, whole and in events`, async () => {
    const answer = await ask.responses.create({ model, input: GREETING });
    assert.equal(answer.output_text, ECHO);
    let said = '';
    const kinds = [];
    for await (const event of await ask.responses.create({ model, input: GREETING, stream: true })) {
      kinds.push(event.type);
      if (event.type === 'response.output_text.delta') said += event.delta;
    }
    assert.equal(said, ECHO);
    assert.deepEqual([kinds[0], kinds.at(-1)], ['response.created', 'response.completed']);
  });
}

for (const model of EVERY) {
  test(`${model}: two tools at once, put together from a stream, and their results`, async () => {
    const said = [user(ASK_FOR_WEATHER)];
    const message = await ask.chat.completions.stream({ model, messages: said, tools: TOOLS }).finalMessage();
    const cities = message.tool_calls.map((call) => JSON.parse(call.function.arguments).city);
    assert.deepEqual(cities, CITIES);
    assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, 2);
    const results = message.tool_calls.map(({ id, function: { arguments: given } }) => (
      { role: 'tool', tool_call_id: id, content: TEMPERATURES[JSON.parse(given).city] }
    ));
    const answer = await ask.chat.completions.create({ model, messages: [...said, message, ...results], tools: TOOLS });
    assert.equal(answer.choices[0].message.content, SUMMARY);
  });

  test(`${model}: the helper that runs tools by itself`, async () => {
    const runner = ask.chat.completions.runTools({
      model,
      messages: [user(ASK_FOR_WEATHER)],
      tools: [{ type: 'function', function: { ...WEATHER, parse: JSON.parse, function: ({ city }) => TEMPERATURES[city] } }],
    });
    assert.equal(await runner.finalContent(), SUMMARY);
  });

  test(`${model}: an answer has the wanted shape`, async () => {
    const chat = await ask.chat.completions.parse({
      model, messages: [user('Lyon')], response_format: zodResponseFormat(Place, 'place'),
    });
    assert.deepEqual(chat.choices[0].message.parsed, LYON);
    const response = await ask.responses.parse({
      model, input: 'Lyon', text: { format: zodTextFormat(Place, 'place') },
    });
    assert.deepEqual(response.output_parsed, LYON);
  });
}

test('vectors are the same as numbers and as bytes', async () => {
  for (const model of ['openai/text-embedding-3-small', 'mistral/mistral-embed', 'gemini/gemini-embedding-001']) {
    const packed = await ask.embeddings.create({ model, input: [GREETING] });
    const plain = await ask.embeddings.create({ model, input: [GREETING], encoding_format: 'float' });
    const apart = packed.data[0].embedding.map((number, place) => Math.abs(number - plain.data[0].embedding[place]));
    assert.ok(apart.length > 3 && Math.max(...apart) < 1e-6, `${model}: ${apart}`);
  }
});

test('what is spoken is written down', async () => {
  const sound = await ask.audio.speech.create({ model: 'openai/gpt-4o-mini-tts', voice: 'alloy', input: GREETING });
  const file = await toFile(await sound.arrayBuffer(), 'greeting.mp3');
  const heard = await ask.audio.transcriptions.create({ model: 'groq/whisper-large-v3-turbo', file });
  assert.equal(heard.text, GREETING);
  const translated = await ask.audio.translations.create({ model: 'openai/whisper-1', file });
  assert.equal(translated.text, `In English: ${GREETING}`);
});

test('pictures, judgements and the list of models', async () => {
  const painted = await ask.images.generate({ model: 'openai/gpt-image-1-mini', prompt: 'A point' });
  assert.ok(painted.data[0].b64_json.startsWith('iVBOR'));
  const judged = await ask.moderations.create({ model: 'openai/omni-moderation-latest', input: GREETING });
  assert.equal(judged.results[0].flagged, false);
  const listed = [];
  for await (const model of ask.models.list()) listed.push(model.id);
  assert.ok([GROQ, MISTRAL, GEMINI, 'auto'].every((id) => listed.includes(id)));
  assert.equal((await ask.models.retrieve(GROQ)).id, GROQ);
});

test('files are refused with what to do instead', async () => {
  const file = await toFile(Buffer.from('hello'), 'a.txt');
  await assert.rejects(ask.files.create({ file, purpose: 'assistants' }), (error) => (
    error instanceof OpenAI.NotFoundError && /keeps no files: send what they hold/.test(error.message)
  ));
});
