export const app = (_req, res) => res.end('named');
export default 'not this one';
