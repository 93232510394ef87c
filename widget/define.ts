import { IteroPair } from './itero-pair/itero-pair.ts';
import { IteroProvider } from './itero-provider/itero-provider.ts';

const elements: Readonly<Record<string, CustomElementConstructor>> = {
  'itero-provider': IteroProvider,
  'itero-pair': IteroPair,
};

// A page may load this module twice, or another version of it: the first one stays.
for (const [name, element] of Object.entries(elements)) {
  if (!customElements.get(name)) customElements.define(name, element);
}

declare global {
  interface HTMLElementTagNameMap {
    'itero-pair': IteroPair;
    'itero-provider': IteroProvider;
  }
}

export * from './index.ts';
