import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { users, type User } from './clinics.ts';

const COOKIE = 'dpms_session';

/** The practice system's own sign-in: sessions in memory, one cookie, nothing to do with the scanner. */
export interface Login {
  signIn(c: Context, email: string, password: string): User | null;
  signOut(c: Context): void;
  current(c: Context): User | null;
}

export function createLogin(): Login {
  const sessions = new Map<string, User>();
  return {
    signIn(c, email, password) {
      const user = users.find((candidate) => candidate.email === email.trim().toLowerCase());
      if (user === undefined || !same(user.password, password)) return null;
      const id = randomBytes(24).toString('base64url');
      sessions.set(id, user);
      setCookie(c, COOKIE, id, { httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 12 * 3600 });
      return user;
    },
    signOut(c) {
      sessions.delete(getCookie(c, COOKIE) ?? '');
      deleteCookie(c, COOKIE, { path: '/' });
    },
    current: (c) => sessions.get(getCookie(c, COOKIE) ?? '') ?? null,
  };
}

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
