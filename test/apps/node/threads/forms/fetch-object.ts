export default { fetch: (_request: Request): Response => new Response('fetched') };
