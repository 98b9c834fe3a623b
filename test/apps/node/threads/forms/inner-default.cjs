Object.defineProperty(exports, '__esModule', { value: true });
exports.default = { default: (_req, res) => res.end('inner default') };
