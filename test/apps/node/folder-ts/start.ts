// What the package.json beside it names in `main`, in TypeScript.
export default { fetch: (): Response => new Response('Hello from a folder of TypeScript\n') };
