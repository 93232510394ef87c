/** What Align tells: an RX, and the account it belongs to. Untrusted: a hint to go and look, no more (align-api §8). */
export interface Notification {
  readonly rxId: string;
  readonly accountNumber: string | null;
}

/**
 * The real verb and encoding are not public (align-api §9): JSON, a form and a query string are taken, names without
 * regard to case, underscores and hyphens, ids as text or number. Null when no RX is named.
 */
export function parseNotification(input: {
  contentType: string;
  body: string;
  /** Without its `?`. */
  query: string;
}): Notification | null {
  const fields = new Map<string, string>();
  const put = (name: string, value: unknown): void => {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string') fields.set(name.toLowerCase().replaceAll(/[_-]/g, ''), text.trim());
  };
  if (input.query !== '') for (const [name, value] of new URLSearchParams(input.query)) put(name, value);
  for (const [name, value] of bodyFields(input.contentType, input.body)) put(name, value);
  const rxId = fields.get('rxid');
  if (rxId === undefined || !/^[\w.{}-]{1,128}$/.test(rxId)) return null;
  return { rxId, accountNumber: fields.get('accountnumber') ?? null };
}

function bodyFields(contentType: string, body: string): Iterable<[string, unknown]> {
  if (body === '') return [];
  if (contentType.includes('form')) return new URLSearchParams(body);
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  } catch {
    // A sender that names no type, or the wrong one.
    return new URLSearchParams(body);
  }
}
