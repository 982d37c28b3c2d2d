// Chat completions against a real HTTP server that misbehaves in every way that one can.
import t from 'tap'
import { ChatCompletions, type ChatCompletionsOptions, type ChatUsage, Simulation } from '../../lib/index.js'
import { ChatServer, says } from '../fixtures/chat-server.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import type pupils from '../fixtures/pupils.js'
import type { Question } from '../fixtures/pupils.js'

const SCHEMA = {
  type: 'object',
  properties: { text: { type: 'string' }, mark: { type: 'integer', minimum: 0 } },
  required: ['text', 'mark'],
  additionalProperties: false,
}

async function started(o: Partial<ChatCompletionsOptions<string>> = {}, clock?: FakeClock) {
  const server = await ChatServer.start()
  t.teardown(() => server.close())
  const options = { url: server.url, model: 'small', messages: (question: string) => question, ...o }
  return { server, chat: new ChatCompletions<string>(options, clock) }
}

t.test('a question is one request, and its answer is the text', async t => {
  const { server, chat } = await started({
    ...{ apiKey: 'secret', headers: { 'x-tenant': 'us' }, parameters: { temperature: 0.5 } },
    messages: question => [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: question },
    ],
  })
  t.equal(await chat.ask('why?', { id: 'run/ask/ä/7' }), 'well')
  const [{ path, headers, body }] = server.requests
  t.equal(path, 'POST /v1/chat/completions')
  t.match(headers, {
    ...{ 'content-type': 'application/json', authorization: 'Bearer secret', 'x-tenant': 'us' },
    'idempotency-key': 'run%2Fask%2F%C3%A4%2F7',
  })
  t.strictSame(body, {
    temperature: 0.5,
    model: 'small',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'why?' },
    ],
  })
})

t.test('tokens and money are reported, by request and in all', async t => {
  const { server, chat } = await started({ pricePerMillion: { input: 1, output: 5 } })
  const told: ChatUsage[] = []
  const onUsage = (usage: ChatUsage) => told.push(usage)
  await chat.ask('a', { onUsage })
  server.behave = says('b', { prompt_tokens: 100, completion_tokens: 'many' })
  await chat.ask('b', { onUsage })
  server.behave = says(null)
  await t.rejects(chat.ask('c', { onUsage }), { code: 'CHAT_INVALID' })
  t.strictSame(told, [
    { requests: 1, inputTokens: 10, outputTokens: 4, money: 30e-6 },
    { requests: 1, inputTokens: 100, outputTokens: 0, money: 100e-6 },
    { requests: 1, inputTokens: 10, outputTokens: 4, money: 30e-6 },
  ])
  t.match(chat.usage, { requests: 3, inputTokens: 120, outputTokens: 8 })
  t.equal(chat.usage.money.toFixed(9), (160e-6).toFixed(9))
})

t.test('an answer by a schema is read and held against it', async t => {
  const { server, chat } = await started({ schema: SCHEMA })
  server.behave = says('{"text":"so","mark":3}')
  t.strictSame(await chat.ask('?'), { text: 'so', mark: 3 })
  t.strictSame(server.requests[0].body.response_format, {
    type: 'json_schema',
    json_schema: { name: 'answer', strict: true, schema: SCHEMA },
  })
  for (const [content, message] of [
    ['{"text":"so"}', /mark/],
    ['{"text":"so","mark":-1}', /mark/],
    ['{"text":"so","mark":1,"more":1}', /more/],
    ['7', /it: /],
    ['{"text":"s', /no JSON/],
  ] as const) {
    server.behave = says(content)
    await t.rejects(chat.ask('?'), { code: 'CHAT_INVALID', message }, content)
  }
})

t.test('a server that has no time says when it will', async t => {
  const { server, chat } = await started()
  for (const status of [429, 503]) {
    server.behave = response => response.writeHead(status, { 'retry-after': '7' }).end('{"error":"slow down"}')
    await t.rejects(chat.ask('?'), {
      ...{ code: 'CHAT_BUSY', status, headers: { 'retry-after': '7' }, message: /slow down/ },
    })
  }
})

t.test('errors of HTTP, cut connections and what is no JSON are told as such', async t => {
  const { server, chat } = await started({ apiKey: 'secret' })
  for (const status of [400, 401, 404, 500, 502]) {
    server.behave = response => response.writeHead(status).end('x'.repeat(5000))
    const error: unknown = await chat.ask('?').catch(e => e)
    t.match(error, { code: 'CHAT_FAILED', status })
    t.ok(String(error).length < 500, 'not all of what it said is repeated')
    t.notMatch(String(error), /secret/)
  }
  server.behave = response => response.destroy()
  await t.rejects(chat.ask('?'), { code: 'CHAT_FAILED', message: /cannot be reached/ })
  server.behave = response => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"choices":[')
    setImmediate(() => response.destroy())
  }
  await t.rejects(chat.ask('?'), { code: 'CHAT_FAILED' }, 'cut in the middle')
  for (const body of ['', '{"choices":[{"mess', '<html>', 'null', '[]', '{}', '{"choices":[]}', '{"choices":[{}]}']) {
    server.behave = response => response.end(body)
    await t.rejects(chat.ask('?'), { code: 'CHAT_INVALID' }, body)
  }
  server.behave = response => response.end(JSON.stringify({ choices: [{ message: { refusal: 'I will not' } }] }))
  await t.rejects(chat.ask('?'), { code: 'CHAT_INVALID', message: /declines.*I will not/ })
  server.behave = says('well')
  t.equal(await chat.ask('?'), 'well', 'it goes on')
  await server.close().catch(() => undefined)
})

t.test('a server that is not there is told as such', async t => {
  const { server, chat } = await started()
  const { url } = server
  await server.close()
  await t.rejects(new ChatCompletions({ url, model: 'm', messages: String }).ask('?'), { code: 'CHAT_FAILED' })
  t.equal(chat.usage.requests, 0)
})

t.test('a response that is too long is broken off', async t => {
  const { server, chat } = await started({ maxResponseBytes: 1000 })
  let sent = 0
  server.behave = response => {
    const more = () => {
      while (sent < 1e8 && response.write('x'.repeat(10_000))) sent += 10_000
    }
    response.on('drain', more)
    more()
  }
  await t.rejects(chat.ask('?'), { code: 'CHAT_INVALID', message: /maxResponseBytes of 1000/ })
  t.ok(sent < 1e8)
})

t.test('a slow server is late, before its first word and in the middle of its last', async t => {
  const clock = new FakeClock()
  const { server, chat } = await started({ timeoutMs: 500 }, clock)
  for (const begin of [false, true]) {
    const reached = new Promise<void>(resolve => {
      server.behave = response => {
        if (begin) response.write('{')
        resolve()
      }
    })
    const answer = chat.ask('?')
    const rejected = t.rejects(answer, { code: 'CHAT_TIMEOUT', message: /500 ms/ })
    await reached
    clock.advance(500)
    await rejected
  }
  t.strictSame(clock.waiting, [])
})

t.test('a caller who gives up is given back his reason, and the server is told', async t => {
  const { server, chat } = await started()
  const abort = new AbortController()
  const left = new Promise<void>(resolve => {
    server.behave = response => {
      response.on('close', () => resolve())
      abort.abort(new RangeError('enough'))
    }
  })
  await t.rejects(chat.ask('?', { signal: abort.signal }), { name: 'RangeError', message: 'enough' })
  await left
  await t.rejects(chat.ask('?', { signal: abort.signal }), { message: 'enough' })
  t.equal(server.requests.length, 1)
})

t.test('options that are wrong are refused by name, and no secret is shown', async t => {
  const right = { url: 'http://localhost/v1', model: 'm', messages: String }
  const wrong = (change: object, code = 'OPTION_INVALID') => {
    try {
      new ChatCompletions({ ...right, ...change })
      t.fail(`accepted ${JSON.stringify(change)}`)
    } catch (error) {
      t.match(error, { code }, JSON.stringify(change))
      t.notMatch(String(error), /hush/)
    }
  }
  for (const url of ['', 'localhost', 'ftp://localhost', 7]) wrong({ url })
  wrong({ model: '' })
  wrong({ messages: 'hello' })
  for (const apiKey of ['', 7, 'hush\nhush']) wrong({ apiKey })
  for (const headers of [{ 'x y': 'hush' }, { x: 'hush\nhush' }]) wrong({ headers })
  for (const field of ['model', 'messages', 'stream', 'n', 'response_format']) wrong({ parameters: { [field]: 1 } })
  for (const timeoutMs of [0, 1.5, 2 ** 31]) wrong({ timeoutMs })
  wrong({ maxResponseBytes: 0 })
  wrong({ pricePerMillion: { input: -1, output: 0 } })
  wrong({ schema: { type: 'nothing' } })
  wrong({ modle: 'm' }, 'OPTION_UNKNOWN')
})

t.test('agents ask it: what it does comes to them as it is', async t => {
  const alone = new URL('../fixtures/pupils.js?alone', import.meta.url)
  const server = await ChatServer.start()
  t.teardown(() => server.close())
  const options = { url: server.url, model: 'm', messages: (q: Question) => JSON.stringify(q), schema: SCHEMA }
  const examiner = async ({ who }: Question) => who
  const answers = {
    ok: says('{"text":"so","mark":3}'),
    failed: says('{"text":"so"}'),
    refused: (response => response.writeHead(429).end()) as typeof server.behave,
  }
  for (const [what, behave] of Object.entries(answers)) {
    server.behave = behave
    const teacher = new ChatCompletions(options)
    await using sim = await Simulation.create<typeof pupils>(alone, { workers: 1, services: { teacher, examiner } })
    const count = () => sim.counters.asks.lesson[what as 'ok']
    while (count() === 0) {
      await sim.run({ ticks: 1 })
      await new Promise(resolve => setImmediate(resolve))
    }
    t.ok(count() > 0, what)
  }
  t.match(server.requests[0].headers['idempotency-key'], /%2Flesson%2F0%2Fask%2F\d+%2F0$/)
})
