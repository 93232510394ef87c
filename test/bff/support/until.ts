/** Waits for what comes over loopback: looks again at each turn of the event loop, up to 30 seconds. */
export async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain for: ${look.toString()}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
