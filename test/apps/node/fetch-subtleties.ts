// What the web platform asks of a fetch application beyond the plain cases; fetch.ts hands on what it does not know.

const seen: string[] = [];

/** Answers after its client has gone: nobody reads the stream, so it must be cancelled. */
async function late(request: Request): Promise<Response> {
  await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
  seen.push(`late ${(request.signal.reason as Error).name}`);
  const body = new ReadableStream({ cancel: () => void seen.push('late cancelled') });
  return new Response(body);
}

async function form(request: Request): Promise<Response> {
  const copy = request.clone();
  const data = await request.formData();
  const file = data.get('file') as File;
  const bytes = (await copy.arrayBuffer()).byteLength;
  return Response.json([data.get('name'), file.name, await file.text(), bytes]);
}

/** The immutable headers of what fetch answered, and of a redirection. */
async function immutable(): Promise<Response> {
  const kinds: string[] = [];
  for (const response of [Response.redirect('http://a.test/'), await fetch('data:,x')]) {
    try {
      response.headers.set('x', 'y');
      kinds.push('changed');
    } catch (error) {
      kinds.push((error as Error).name);
    }
  }
  return Response.json(kinds);
}

export async function subtleties(request: Request, url: URL): Promise<Response> {
  const to = url.searchParams.get('to') ?? '';
  switch (url.pathname) {
    case '/redirect':
      return Response.redirect('http://a.test/b?c=é', 308);
    case '/error':
      return Response.error();
    case '/not-modified':
      return new Response(null, { status: 304, headers: { etag: '"1"' } });
    case '/body-of-null':
      return Response.json([null, 204, 304].map((status) => nullBody(status)));
    case '/form':
      return form(request);
    case '/immutable':
      return immutable();
    case '/passed-through':
      return fetch(to);
    case '/handed-on':
      return fetch(new Request(to, request));
    case '/handed-on-whole':
      return fetch(to, request);
    case '/late':
      return late(request);
    case '/subtleties':
      return Response.json(seen);
    default:
      return new Response('nothing here', { status: 404 });
  }
}

function nullBody(status: number | null): string {
  try {
    return `${new Response(status === null ? null : 'text', { status: status ?? 200 }).body}`;
  } catch (error) {
    return (error as Error).name;
  }
}
