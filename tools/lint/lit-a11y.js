// eslint-plugin-lit-a11y keeps notes on `parserServices`, which oxlint freezes. Each rule gets a context whose
// source code carries a writable `parserServices`; everything else is forwarded, so the plugin's rules run unchanged.
import plugin from 'eslint-plugin-lit-a11y';

/**
 * @param {object} target
 * @param {Record<string, unknown>} own
 * @returns {any}
 */
function over(target, own) {
  return new Proxy(Object.create(null), {
    get(_, key) {
      if (key in own) return own[/** @type {string} */ (key)];
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (_, key) => key in own || key in target,
  });
}

const rules = Object.fromEntries(
  Object.entries(plugin.rules).map(([name, rule]) => [
    name,
    {
      ...rule,
      create(/** @type {{ sourceCode: object }} */ context) {
        const sourceCode = over(context.sourceCode, { parserServices: {} });
        return rule.create(over(context, { sourceCode, getSourceCode: () => sourceCode }));
      },
    },
  ]),
);

export default { meta: { name: 'lit-a11y' }, rules };
