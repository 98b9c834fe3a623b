// A default export that is a promise of the application: it starts only when it is kept.
export default Promise.resolve((_req, res) => res.end('Hello from a promise\n'));
