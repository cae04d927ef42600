// The server in front of simulated providers of models, for the tests beside this file.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export const GROQ = 'groq/openai/gpt-oss-120b';
export const MISTRAL = 'mistral/mistral-small-2603';
export const ANTHROPIC = 'anthropic/claude-sonnet-4-5';
export const GEMINI = 'gemini/gemini-2.5-flash';
export const OLLAMA = 'ollama/llama3.2:latest';
export const EVERY = [GROQ, MISTRAL, ANTHROPIC, GEMINI, OLLAMA];

export const GREETING = 'Hello, is anybody there?';
export const ECHO = `You said: ${GREETING}`;
export const CITIES = ['Paris', 'Oslo'];
export const ASK_FOR_WEATHER = CITIES.map((city) => `call the tool weather with {"city": "${city}"}`).join('\n');
export const TEMPERATURES = { Paris: '12 °C', Oslo: '3 °C' };
export const SUMMARY = 'The tools said: 12 °C, 3 °C';
export const CITY_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** Starts one: `{base, key, simulator, end}`. */
export async function stage(...options) {
  const program = spawn('python3', [process.env.GUICHET_STAGE, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => program.once('exit', resolve));
  const line = await Promise.race([
    new Promise((resolve) => createInterface(program.stdout).once('line', resolve)),
    gone.then(() => {
      throw new Error('the stage did not start');
    }),
  ]);
  const end = async () => {
    program.stdin.end();
    await gone;
  };
  return { ...JSON.parse(line), end };
}

/** Talks to the simulator itself. */
export async function control(stage, method, command, body) {
  const answer = await fetch(`${stage.simulator}/_sim/${command}`, { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${command}: ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** Puts the provider under a fault. */
export const putUnder = (stage, provider, fault) => control(stage, 'PUT', `faults/${provider}`, { fault });

/** What the provider counted. */
export const counts = async (stage, provider) => (await control(stage, 'GET', 'counts'))[provider] ?? {};
