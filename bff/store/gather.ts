/** Turns of the event loop that bring nobody before a group is taken for complete: about a tenth of a millisecond. */
const QUIET_TURNS = 12;

/**
 * Waits while a group grows: requests that are on their way through the sockets get to join before the commit begins. A
 * lone one, after a group of one, waits for one turn alone; when as many are there as last time, nobody is missing.
 */
export async function gather(size: () => number, lastSize: number, limit: number): Promise<void> {
  let seen = -1;
  for (let quiet = 0; ; quiet += 1) {
    const now = size();
    if (now >= limit || (now > 1 && now >= lastSize && lastSize > 1)) return;
    if (now !== seen) quiet = 0;
    seen = now;
    if (quiet >= (now > 1 || lastSize > 1 ? QUIET_TURNS : 1)) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
