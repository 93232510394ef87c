import type { Pairing } from '../../shared/pairing.ts';
import type { Result } from '../../shared/result.ts';
import type { PatientIdentity, ScanRequest } from '../../shared/scan-request.ts';
import type { SessionClaims } from '../../shared/session.ts';
import { requestIdOf, type Api } from '../core/api.ts';
import {
  IteroBeforeSendEvent,
  IteroErrorEvent,
  IteroScanRequestCancelledEvent,
  IteroScanRequestedEvent,
} from '../core/events.ts';
import { isAborted, type Fault } from '../core/fault.ts';
import { newKey } from '../core/transport.ts';
import {
  FIELDS,
  findFaults,
  startDraft,
  toRemembered,
  toWire,
  type Draft,
  type FieldFaults,
  type Remembered,
} from './draft.ts';
import { filled, isSameIdentity, type MissingPart } from './identity.ts';
import { LOADING, reduceList, type ListAction, type ListState } from './list-state.ts';
import { recallChoices, rememberChoices } from './remembered.ts';
import {
  CLOSED,
  concernsOf,
  maySend,
  reduceRequest,
  type RequestAction,
  type RequestForm,
  type RequestState,
} from './request-state.ts';

/** What the store needs of the element it works for. */
export interface RequestHost {
  /** Calls of the element's link; undefined while there is none. */
  readonly api: () => Api | undefined;
  readonly owner: () => SessionClaims | undefined;
  /** The patient as the page names it now. */
  readonly identity: () => Result<PatientIdentity, MissingPart[]>;
  readonly chartNumber: () => string | null | undefined;
  /** Draw again. */
  readonly changed: () => void;
  /** False when a listener prevented it. */
  readonly emit: (event: Event) => boolean;
  /** Moves the focus once what is new has been drawn. */
  readonly focus: (selector: string) => void;
}

/** Where people are when they choose a day. @returns `YYYY-MM-DD` */
function today(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/**
 * The requests of one chart and the form for the next: asks, judges nothing itself, and hands every answer to the
 * reducers. What comes for a former patient is dropped.
 */
export class RequestStore {
  request: RequestState = CLOSED;
  list: ListState = LOADING;
  /** Null while it is not known. */
  pairing: Pairing | null = null;

  readonly #host: RequestHost;
  /** Ends with the patient: an answer that comes later belongs to nobody here. */
  #patient = new AbortController();
  #listCall: AbortController | undefined;
  #checkCall: AbortController | undefined;
  #remembered: Partial<Remembered> = {};

  constructor(host: RequestHost) {
    this.#host = host;
  }

  /** Forgets the patient, the form and its key. */
  drop(): void {
    this.#patient.abort();
    this.#patient = new AbortController();
    this.#remembered = {};
    this.pairing = null;
    this.actOnList({ type: 'drop' });
    this.act({ type: 'drop' });
  }

  act(action: RequestAction): void {
    this.request = reduceRequest(this.request, action);
    this.#host.changed();
  }

  actOnList(action: ListAction): void {
    this.list = reduceList(this.list, action);
    this.#host.changed();
  }

  load(): void {
    void this.loadList();
    void this.loadPairing();
    void this.#recall();
  }

  /** Something happened to requests or scans of this session. */
  refresh(): void {
    void this.loadList();
    if (this.request.kind === 'editing') void this.#check();
  }

  /** Whether an answer is of no use any more; other faults are told to the page. */
  #isLate(answer: Result<unknown, Fault>, signal: AbortSignal): boolean {
    if (signal.aborted || (!answer.ok && isAborted(answer.error))) return true;
    if (!answer.ok) this.#host.emit(new IteroErrorEvent(answer.error));
    return false;
  }

  /** A call that makes the former one of its kind useless. */
  #instead(former: AbortController | undefined): [AbortController, AbortSignal] {
    former?.abort();
    const call = new AbortController();
    return [call, AbortSignal.any([call.signal, this.#patient.signal])];
  }

  async loadList(): Promise<void> {
    const api = this.#host.api();
    const chartNumber = this.#host.chartNumber();
    if (!api || !filled(chartNumber)) return;
    const [call, signal] = this.#instead(this.#listCall);
    this.#listCall = call;
    const answer = await api.searchRequests({ chartNumber }, signal);
    if (this.#isLate(answer, signal)) return;
    if (answer.ok) this.actOnList({ type: 'loaded', items: answer.value.items });
    else this.actOnList({ type: 'load_failed', fault: answer.error });
  }

  /** Tells early that nothing can be sent. When it fails nothing is known, and sending will tell. */
  async loadPairing(): Promise<void> {
    const { signal } = this.#patient;
    const answer = await this.#host.api()?.pairing(signal);
    if (!answer || this.#isLate(answer, signal)) return;
    this.pairing = answer.ok ? answer.value : null;
    this.#host.changed();
  }

  async #recall(): Promise<void> {
    const owner = this.#host.owner();
    const { signal } = this.#patient;
    const remembered = owner ? await recallChoices(owner) : {};
    if (!signal.aborted) this.#remembered = remembered;
  }

  readonly open = (): void => {
    this.act({ type: 'open' });
    if (this.request.kind === 'opening') void this.#loadPractice();
    if (this.request.kind === 'editing') this.checkAnew(this.request.form.patient);
    this.#host.focus('#procedure');
  };

  readonly close = (): void => {
    this.act({ type: 'close' });
    if (this.request.kind === 'closed') this.#host.focus('#open');
  };

  async #loadPractice(): Promise<void> {
    const { signal } = this.#patient;
    const answer = await this.#host.api()?.practice(signal);
    if (!answer || this.#isLate(answer, signal)) return;
    const identity = this.#host.identity();
    if (!answer.ok) this.act({ type: 'practice_failed', fault: answer.error });
    else if (identity.ok) {
      const practice = answer.value;
      const you = this.pairing?.logins.find((login) => login.you)?.displayName ?? null;
      const draft = startDraft(practice, this.#remembered, you);
      this.act({ type: 'practice_known', patient: identity.value, practice, draft, key: newKey() });
      void this.#check();
      this.#host.focus('#procedure');
    }
  }

  /** Asks about this patient, who may be spelled anew. */
  checkAnew(patient: PatientIdentity): void {
    this.act({ type: 'check', patient });
    void this.#check();
  }

  async #check(): Promise<void> {
    const api = this.#host.api();
    if (this.request.kind !== 'editing' || !api) return;
    const [call, signal] = this.#instead(this.#checkCall);
    this.#checkCall = call;
    const answer = await api.checkPatient(this.request.form.patient, signal);
    if (!this.#isLate(answer, signal)) this.act({ type: 'checked', answer });
  }

  readonly submit = (event: Event): void => {
    event.preventDefault();
    const { request } = this;
    if (request.kind === 'editing' && this.#isComplete(request.form)) void this.#send(request.form);
  };

  /** Whether nothing is left to do before sending; else it is marked, and the focus goes there. */
  #isComplete(form: RequestForm): boolean {
    const faults = findFaults(form.practice, form.draft, today());
    if (Object.keys(faults).length > 0) {
      this.act({ type: 'mark', faults });
      this.#focusFault(faults);
      return false;
    }
    const open = concernsOf(form).find((concern) => !form.accepted.includes(concern));
    if (open !== undefined) this.#host.focus(`#accept-${open}`);
    // An attribute may have changed in this very task, before the guard could ask about it.
    const identity = this.#host.identity();
    return maySend(form) && identity.ok && isSameIdentity(identity.value, form.patient);
  }

  async #send({ practice, draft, patient, key }: RequestForm): Promise<void> {
    const api = this.#host.api();
    if (!api || !this.#host.emit(new IteroBeforeSendEvent(draft.procedureId))) return;
    this.act({ type: 'send' });
    const { signal } = this.#patient;
    const answer = await api.sendRequest(toWire(practice, draft, patient), key, signal);
    if (this.#isLate(answer, signal)) return;
    if (answer.ok) this.#wasSent(answer.value, draft);
    else {
      this.act({ type: 'send_failed', fault: answer.error, nextKey: newKey() });
      void this.#check();
      if (this.request.kind === 'editing') this.#focusFault(this.request.form.faults);
    }
    void this.loadList();
  }

  #wasSent(sent: ScanRequest, draft: Draft): void {
    const { id, rxId, state } = sent;
    this.act({ type: 'sent', confirmed: state === 'sent' });
    this.#host.emit(new IteroScanRequestedEvent({ scanRequestId: id, rxId, state }, requestIdOf(sent)));
    const choices = toRemembered(draft);
    this.#remembered = choices;
    const owner = this.#host.owner();
    if (owner) void rememberChoices(owner, choices);
    this.#host.focus('#open');
  }

  #focusFault(faults: FieldFaults): void {
    const first = FIELDS.find((field) => faults[field] !== undefined);
    if (first !== undefined) this.#host.focus(`#${first}`);
  }

  readonly correctName = async (): Promise<void> => {
    const { request } = this;
    const api = this.#host.api();
    if (request.kind !== 'editing' || request.form.guard.kind !== 'checked' || !api) return;
    const { patient, guard, correction } = request.form;
    const { known } = guard.check;
    if (known === null || correction.step === 'running') return;
    this.act({ type: 'correct', step: 'running' });
    const { signal } = this.#patient;
    const { chartNumber, firstName, lastName } = known;
    const names = { newFirstName: patient.firstName, newLastName: patient.lastName };
    const answer = await api.correctPatient({ chartNumber, firstName, lastName, ...names }, signal);
    if (this.#isLate(answer, signal)) return;
    if (!answer.ok) this.act({ type: 'correct', step: 'refused', fault: answer.error });
    else if (this.request.kind === 'editing') this.checkAnew(this.request.form.patient);
  };

  readonly cancelRequest = async (): Promise<void> => {
    const { list } = this;
    const api = this.#host.api();
    if (list.kind !== 'ready' || list.cancelling?.step !== 'asking' || !api) return;
    const { id } = list.cancelling;
    this.actOnList({ type: 'cancel' });
    const { signal } = this.#patient;
    const answer = await api.cancelRequest(id, signal);
    if (this.#isLate(answer, signal)) return;
    if (answer.ok) this.#host.emit(new IteroScanRequestCancelledEvent(id));
    else this.actOnList({ type: 'cancel_failed', fault: answer.error });
    await this.loadList();
    if (!answer.ok) this.#host.focus('#cancel-seen');
    else if (!signal.aborted) {
      this.actOnList({ type: 'cancelled' });
      this.#host.focus('#open');
    }
  };
}
