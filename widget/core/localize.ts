// Not the package's index: that carries the runtime that loads translations. It comes with the languages, which set
// `msg`'s implementation up (`configureLocalization`) before the first element renders.
export { msg } from '@lit/localize/init/install.js';
export { str } from '@lit/localize/internal/str-tag.js';

/** A page may carry a lang attribute that is no language tag: then the browser's language stands in. */
export function inLanguage<T>(language: string, make: (language: string | undefined) => T): T {
  try {
    return make(language);
  } catch {
    return make(undefined);
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = inLanguage(language, (known) => new Intl.DateTimeFormat(known, options));
    formats.set(key, format);
  }
  return format;
}

/** "09:42" today, "12 Nov, 09:42" on other days of this year, with the year before that. */
export function formatTime(iso: string, language: string, now: Date = new Date()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.valueOf())) return iso;
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (at.toDateString() === now.toDateString()) return formatOf(language, clock).format(at);
  const year: Intl.DateTimeFormatOptions = at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' };
  return formatOf(language, { day: 'numeric', month: 'short', ...year, ...clock }).format(at);
}

/** "12 Nov 2026". A plain date (`YYYY-MM-DD`) is the same day everywhere. */
export function formatDate(iso: string, language: string): string {
  const plain = /^\d{4}-\d{2}-\d{2}$/.test(iso);
  const at = new Date(iso);
  if (Number.isNaN(at.valueOf())) return iso;
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' };
  return formatOf(language, plain ? { ...options, timeZone: 'UTC' } : options).format(at);
}

export function formatNumber(value: number, language: string): string {
  return inLanguage(language, (known) => value.toLocaleString(known));
}
