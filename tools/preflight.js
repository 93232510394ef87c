// Plain JavaScript on purpose: it must run, and explain itself, under whatever Node the host has.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `itero-embed needs Node 24 or newer; this is Node ${process.versions.node}.\n` +
      'Run it through npm ("npm start", "npm test", "npm run bff"): on Linux and Windows npm scripts use the Node 24\n' +
      'that "npm ci" installed. On macOS install Node 24 yourself, for example from https://nodejs.org.',
  );
  process.exit(1);
}
