// What the package.json above it names in `main`, as CommonJS.
exports.default = (_req, res) => res.end('Hello from a folder of CommonJS\n');
