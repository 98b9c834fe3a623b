// A fetch application with a route for each thing that a test looks at.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const seen = new Map();
const note = (key, event) => seen.set(key, [...(seen.get(key) ?? []), event]);

class Unchecked extends Headers {
  *[Symbol.iterator]() {
    yield ['a', 'b\r\nc: d'];
  }
}

class Special extends Response {}

const routes = {
  '/facts': (request, context) => {
    const { headers } = request;
    return Response.json({
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body: request.body === null,
      instance: request instanceof Request,
      address: [context.address, context.port, context.incoming.socket.remoteFamily],
      again: new Request(request).url,
      clone: request.clone().headers.get('host'),
      redirect: request.redirect,
      same: headers === request.headers,
    });
  },
  '/third': (_request, env, ctx) => {
    ctx.waitUntil(Promise.resolve());
    ctx.passThroughOnException();
    return new Response(`${env.address} ${env === ctx}`);
  },
  '/text': async (request) => new Response(await request.text()),
  '/json': async (request) => Response.json({ got: await request.json() }, { status: 201 }),
  '/bytes': async (request) => new Response(await request.arrayBuffer()),
  '/form': async (request) => new Response((await request.formData()).get('name')),
  '/pipe': (request) => new Response(request.body, { headers: { 'x-piped': 'yes' } }),
  '/twice': async (request) => {
    await request.text();
    const used = request.bodyUsed;
    return request.text().catch((error) => new Response(`${used} ${error.name}`));
  },
  '/cookies': () => {
    const headers = new Headers({ 'x-a': '1' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    return new Response('baked', { headers });
  },
  '/mutate': () => {
    const response = new Response('text', { headers: { 'X-Old': 'old' } });
    response.headers.delete('x-old');
    response.headers.set('x-new', 'new');
    return response;
  },
  '/like-native': async () => {
    const native = await fetch('data:text/plain,native');
    const light = new Response('light', { status: 202, statusText: 'Fine', headers: [['A', 'b']] });
    const copy = light.clone();
    const special = new Special('s');
    const errors = [];
    for (const wrong of [
      () => new Response('x', { status: 99 }),
      () => new Response('x', { status: 204 }),
      () => new Response('x', { headers: { 'bad name': 'x' } }),
      () => new Response('x', { headers: { a: 'b\r\nc: d' } }),
      () => new Response('x', { statusText: 'a\nb' }),
      () => new Response('x', { headers: new Unchecked() }),
    ]) {
      try {
        wrong();
        errors.push('none');
      } catch (error) {
        errors.push(error.name);
      }
    }
    return Response.json({
      instances: [native, light, special, copy, Response.error()].map(
        (one) => one instanceof Response,
      ),
      special: [special instanceof Special, light instanceof Special],
      name: Response.name,
      tag: String(light),
      light: [light.status, light.statusText, light.ok, light.type, light.url, light.redirected],
      used: [light.bodyUsed, await light.text(), light.bodyUsed],
      copy: [copy.status, copy.headers.get('a'), await copy.text()],
      native: await native.text(),
      empty: [new Response().body, new Response(null).status],
      type: new Response('x').headers.get('content-type'),
      redirect: Response.redirect('http://a.test/', 301).headers.get('location'),
      errors,
    });
  },
  '/native': () => fetch('data:text/plain,from%20afar'),
  '/owned': () => {
    const bytes = Buffer.from('first');
    const response = new Response(bytes);
    bytes.fill('x');
    return response;
  },
  '/stream': () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from('one '));
          await sleep(5);
          controller.enqueue(Buffer.from('two'));
          controller.close();
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    ),
  '/endless': (request) => {
    request.signal.addEventListener('abort', () => note('endless', request.signal.reason.name));
    let pulls = 0;
    const chunk = new Uint8Array(65_536);
    return new Response(
      new ReadableStream(
        {
          pull(controller) {
            pulls += 1;
            controller.enqueue(chunk);
          },
          cancel: () => note('endless', `cancelled ${pulls < 50}`),
        },
        { highWaterMark: 0 },
      ),
    );
  },
  '/breaks': () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from('begun'));
          await sleep(5);
          controller.error(new Error('broke on purpose'));
        },
      }),
    ),
  '/later': (request, { waitUntil }) => {
    const mark = request.headers.get('x-mark');
    waitUntil(sleep(60).then(() => writeFileSync(mark, 'done')));
    waitUntil(Promise.reject(new Error('reported, and harmless')));
    return new Response('answered');
  },
  '/throw': () => {
    throw new Error('thrown on purpose');
  },
  '/reject': async () => {
    throw new Error('rejected on purpose');
  },
  '/nothing': () => undefined,
  '/used': async () => {
    const response = new Response('x');
    await response.text();
    return response;
  },
  '/empty': () => new Response(null, { status: 204 }),
  '/hello': () => new Response('Gr\u00fc\u00dfe'),
  '/hang': (request) => {
    request.signal.addEventListener('abort', () => note('hang', request.signal.reason.name));
    return new Promise(() => {});
  },
  '/seen': (request) => Response.json(seen.get(request.headers.get('x-key')) ?? []),
};

export default {
  fetch(request, context, again) {
    const route = routes[new URL(request.url).pathname];
    return route === undefined
      ? new Response(null, { status: 404 })
      : route(request, context, again);
  },
};
