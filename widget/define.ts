import { IteroPair } from './itero-pair/itero-pair.ts';
import { IteroProvider } from './itero-provider/itero-provider.ts';
import { IteroScanInbox } from './itero-scan-inbox/itero-scan-inbox.ts';
import { IteroScanRequest } from './itero-scan-request/itero-scan-request.ts';

const elements: Readonly<Record<string, CustomElementConstructor>> = {
  'itero-provider': IteroProvider,
  'itero-pair': IteroPair,
  'itero-scan-request': IteroScanRequest,
  'itero-scan-inbox': IteroScanInbox,
};

// A page may load this module twice, or another version of it: the first one stays.
for (const [name, element] of Object.entries(elements)) {
  if (!customElements.get(name)) customElements.define(name, element);
}

declare global {
  interface HTMLElementTagNameMap {
    'itero-provider': IteroProvider;
    'itero-pair': IteroPair;
    'itero-scan-request': IteroScanRequest;
    'itero-scan-inbox': IteroScanInbox;
  }
}

export * from './index.ts';
