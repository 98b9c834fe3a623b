// The neighbour that types.ts imports.
export const greeting: string = 'Hello from TypeScript\n';
