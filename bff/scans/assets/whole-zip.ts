import { Transform, type TransformCallback } from 'node:stream';

/** End of central directory: 22 bytes and a comment of at most 65,535. */
const END_RECORD = 22;
const END_SIGNATURE = Buffer.from('PK\u0005\u0006', 'latin1');
const HOLD = 64 * 1024 + END_RECORD;

/**
 * Passes a zip through and holds its last bytes back until they prove that it is whole: a file that upstream cut off ends
 * in an error, so that the client sees a broken download and never a truncated success.
 */
export class WholeZip extends Transform {
  #held: Buffer[] = [];
  #size = 0;
  #begun = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // Every zip begins so; a gateway's page in its place is known before anything of it goes out.
    if (!this.#begun && chunk.length > 0 && chunk[0] !== 0x50) return done(new Error('no zip'));
    this.#begun ||= chunk.length > 0;
    this.#held.push(chunk);
    this.#size += chunk.length;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (this.#size - first.length < HOLD) break;
      this.#size -= first.length;
      this.push(first);
      this.#held.shift();
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    const end = Buffer.concat(this.#held);
    this.#held = [];
    if (!hasEndRecord(end)) return done(new Error('the zip was cut off upstream'));
    done(null, end);
  }
}

function hasEndRecord(end: Buffer): boolean {
  for (let at = end.lastIndexOf(END_SIGNATURE); at >= 0; at = at === 0 ? -1 : end.lastIndexOf(END_SIGNATURE, at - 1)) {
    if (at + END_RECORD > end.length) continue;
    if (at + END_RECORD + end.readUInt16LE(at + 20) === end.length) return true;
  }
  return false;
}
