import type { Pairing } from '../../shared/pairing.ts';
import { IteroScanRequestCancelledEvent } from '../core/events.ts';
import { filled } from './identity.ts';
import { LOADING, reduceList, type ListAction, type ListState } from './list-state.ts';
import { isLate, type PatientCalls, type RequestHost } from './patient-calls.ts';

/** The requests of one chart, cancelling them, and whether the clinic is connected at all. */
export class ListStore {
  list: ListState = LOADING;
  /** Null while it is not known. */
  pairing: Pairing | null = null;

  readonly #host: RequestHost;
  readonly #calls: PatientCalls;

  constructor(host: RequestHost, calls: PatientCalls) {
    this.#host = host;
    this.#calls = calls;
  }

  drop(): void {
    this.pairing = null;
    this.act({ type: 'drop' });
  }

  act(action: ListAction): void {
    this.list = reduceList(this.list, action);
    this.#host.changed();
  }

  async load(): Promise<void> {
    const api = this.#host.api();
    const chartNumber = this.#host.chartNumber();
    if (!api || !filled(chartNumber)) return;
    const signal = this.#calls.latest('list');
    const answer = await api.searchRequests({ chartNumber }, signal);
    if (isLate(answer, signal, this.#host)) return;
    if (answer.ok) this.act({ type: 'loaded', items: answer.value.items });
    else this.act({ type: 'load_failed', fault: answer.error });
  }

  /** Tells early that nothing can be sent. When it fails nothing is known, and sending will tell. */
  async loadPairing(): Promise<void> {
    const signal = this.#calls.latest('pairing');
    const answer = await this.#host.api()?.pairing(signal);
    if (!answer || isLate(answer, signal, this.#host)) return;
    this.pairing = answer.ok ? answer.value : null;
    this.#host.changed();
  }

  readonly cancelRequest = async (): Promise<void> => {
    const { list } = this;
    const api = this.#host.api();
    if (list.kind !== 'ready' || list.cancelling?.step !== 'asking' || !api) return;
    const { id } = list.cancelling;
    this.act({ type: 'cancel' });
    const { signal } = this.#calls;
    const answer = await api.cancelRequest(id, signal);
    if (isLate(answer, signal, this.#host)) return;
    if (answer.ok) this.#host.emit(new IteroScanRequestCancelledEvent(id));
    else this.act({ type: 'cancel_failed', fault: answer.error });
    await this.load();
    if (signal.aborted) return;
    if (answer.ok) this.act({ type: 'cancelled' });
    this.#host.focus(answer.ok ? '#open' : '#cancel-seen');
  };
}
