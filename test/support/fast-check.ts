import fc from 'fast-check';

/**
 * The generated cases of `npm test` are the same each time, so that a red run means a change and comes back. Other cases:
 * `ITERO_TEST_SEED=<whole number>`, e.g. `$RANDOM`.
 */
fc.configureGlobal({ seed: Number(process.env['ITERO_TEST_SEED'] ?? 20_261_128) });

export default fc;
