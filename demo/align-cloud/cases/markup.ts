/** Text made safe inside XML and HTML; what XML 1.0 does not allow at all is left out. */
export function escapeMarkup(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export interface Element {
  name: string;
  attributes?: Record<string, string | number>;
  content?: string | number | readonly Element[];
}

export function xmlDocument(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(root, '')}`;
}

function write({ name, attributes = {}, content = '' }: Element, indent: string): string {
  const inside = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeMarkup(String(value))}"`);
  const open = `${indent}<${name}${inside.join('')}`;
  if (typeof content !== 'object')
    return content === '' ? `${open}/>\n` : `${open}>${escapeMarkup(String(content))}</${name}>\n`;
  return `${open}>\n${content.map((child) => write(child, `${indent}  `)).join('')}${indent}</${name}>\n`;
}
