export default (_req: unknown, res: { end(text: string): void }) => res.end('mts');
