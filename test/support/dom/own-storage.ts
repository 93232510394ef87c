// Test files run at the same time in one origin: each page gets databases of its own, else one clears the other's.
export const ownStorage: string = crypto.randomUUID();
const open = IDBFactory.prototype.open.bind(indexedDB);

Object.defineProperty(IDBFactory.prototype, 'open', {
  configurable: true,
  writable: true,
  value: (name: string, version?: number) => open(`${name}-${ownStorage}`, version),
});
