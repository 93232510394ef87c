/** Of the package; `test/widget/core/version.unit.test.ts` holds it to package.json. */
export const VERSION = '0.1.0';
