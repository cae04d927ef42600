// What the official clients for Node throw: their own typed errors; and a provider's bad day as they see it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { ECHO, GREETING, MISTRAL, control, counts, putUnder, stage } from './stage.mjs';

const messages = [{ role: 'user', content: GREETING }];
const openai = {
  name: 'openai',
  errors: OpenAI,
  client: (options) => new OpenAI({ apiKey: theatre.key, baseURL: `${theatre.base}/v1`, maxRetries: 0, ...options }),
  say: (client, request) => client.chat.completions.create({ messages, ...request }),
  text: (answer) => answer.choices[0].message.content,
  pieces: (chunk) => chunk.choices?.[0]?.delta.content ?? '',
};
const anthropic = {
  name: 'anthropic',
  errors: Anthropic,
  client: (options) => new Anthropic({ apiKey: theatre.key, baseURL: theatre.base, maxRetries: 0, ...options }),
  say: (client, request) => client.messages.create({ messages, max_tokens: 5000, ...request }),
  text: (answer) => answer.content[0].text,
  pieces: (event) => event.delta?.text ?? '',
};

let theatre;

before(async () => {
  theatre = await stage();
});
after(() => theatre?.end());

async function thrown(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

for (const sdk of [openai, anthropic]) {
  const { errors } = sdk;

  test(`${sdk.name}: 400, 401, 404, 413`, async () => {
    const client = sdk.client();
    const malformed = await thrown(sdk.say(client, { model: 'auto', messages: 'hello' }));
    assert.ok(malformed instanceof errors.BadRequestError && /messages/.test(malformed.message), malformed);
    const stranger = await thrown(sdk.say(sdk.client({ apiKey: 'sk-none' }), { model: 'auto' }));
    assert.ok(stranger instanceof errors.AuthenticationError, stranger);
    const unknown = await thrown(sdk.say(client, { model: 'groq/no-such-model' }));
    assert.ok(unknown instanceof errors.NotFoundError, unknown);
    const content = 'x'.repeat(1_500_000);
    const large = await thrown(sdk.say(client, { model: 'auto', messages: [{ role: 'user', content }] }));
    assert.ok(large instanceof errors.APIError && large.status === 413, large);
  });

  test(`${sdk.name}: 429 with the time to come back`, async () => {
    const model = sdk === openai ? 'cerebras/gpt-oss-120b' : 'cohere/command-a-03-2025';
    await putUnder(theatre, model.split('/')[0], '429+retry-after');
    const limited = await thrown(sdk.say(sdk.client(), { model }));
    assert.ok(limited instanceof errors.RateLimitError, limited);
    assert.ok(Number(limited.headers.get('retry-after')) > 0);
  });

  test(`${sdk.name}: 5xx, and nobody notices where a second can answer`, async () => {
    const model = sdk === openai ? 'openrouter/openai/gpt-oss-120b:free' : 'perplexity/sonar';
    await putUnder(theatre, model.split('/')[0], '5xx');
    const failed = await thrown(sdk.say(sdk.client(), { model }));
    assert.ok(failed instanceof errors.InternalServerError && failed.status === 502, failed);
    const { data, response } = await sdk.say(sdk.client(), { model, models: [MISTRAL] }).withResponse();
    assert.equal(sdk.text(data), ECHO);
    assert.equal(response.headers.get('x-guichet-provider'), 'mistral');
  });

  test(`${sdk.name}: a stream that breaks in the middle throws the client's own error`, async () => {
    const model = sdk === openai ? 'groq/openai/gpt-oss-120b' : 'anthropic/claude-sonnet-4-5';
    await putUnder(theatre, model.split('/')[0], 'error-event-mid-stream:3');
    // What comes at once with its failure is not handed out.
    await control(theatre, 'PUT', `pacing/${model.split('/')[0]}`, { between_ms: 20 });
    let said = '';
    const broken = await thrown((async () => {
      for await (const event of await sdk.say(sdk.client(), { model, stream: true })) said += sdk.pieces(event);
    })());
    assert.ok(broken instanceof errors.APIError, broken);
    assert.ok(said && ECHO.startsWith(said) && said !== ECHO, said);
  });

  test(`${sdk.name}: a stream whose client leaves ends at the provider within a second`, async () => {
    const [provider, model] = sdk === openai ? ['gemini', 'gemini/gemini-2.5-pro'] : ['ollama', 'ollama/llama3.2:latest'];
    await control(theatre, 'PUT', `pacing/${provider}`, { between_ms: 5 });
    const long = [{ role: 'user', content: 'write 3000 words' }];
    const stream = await sdk.say(sdk.client(), { model, messages: long, stream: true });
    let seen = 0;
    for await (const event of stream) {
      if (sdk.pieces(event) && (seen += 1) === 3) break;
    }
    const until = Date.now() + 1000;
    while (Date.now() < until && !(await counts(theatre, provider)).streams_left) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await counts(theatre, provider)).streams_left, 1);
  });
}
