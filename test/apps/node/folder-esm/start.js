// What the package.json beside it names in `exports`, as a module.
export default (_req, res) => res.end('Hello from a folder of modules\n');
