import { nothing, type TemplateResult } from 'lit';
import { fail, type Result } from '../../shared/result.ts';
import type { PatientIdentity, ScanRequest } from '../../shared/scan-request.ts';
import { requestIdOf } from '../core/api.ts';
import { IteroBeforeSendEvent, IteroScanRequestedEvent } from '../core/events.ts';
import type { Fault } from '../core/fault.ts';
import { newKey } from '../core/transport.ts';
import { loadingView } from '../core/view-state.ts';
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
import { checkPatient, correctPatient, readPractice, sendRequest } from './form-calls.ts';
import { blockedView, formTemplate, type FormView } from './form-template.ts';
import { isSameIdentity } from './identity.ts';
import { IteroToothChart } from './itero-tooth-chart.ts';
import { isLate, type PatientCalls, type RequestHost } from './patient-calls.ts';
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
import { checkScannerText } from './words.ts';

export { formStyles } from './form.styles.ts';

/** Where people are when they choose a day. @returns `YYYY-MM-DD` */
function today(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/** A request that iTero did not clearly take comes with 2xx, because it exists; to the person it is not sent. */
function judgeSent(answer: Result<ScanRequest, Fault>): Result<ScanRequest, Fault> {
  if (!answer.ok || answer.value.state !== 'unconfirmed') return answer;
  const requestId = requestIdOf(answer.value);
  const fault = { code: 'request_unconfirmed', displayMessage: checkScannerText(), retryable: false };
  return fail(requestId === null ? fault : { ...fault, requestId });
}

/** How the page wants the form to look, and what the session grants. */
export type FormLook = Pick<FormView, 'notation' | 'language' | 'initialsOnly' | 'mayCorrect'>;

/**
 * The form for one patient's next request: asks, judges nothing itself, and hands every answer to the reducer. It is a
 * chunk of its own with the tooth chart, so that a page that may only read does not load it.
 */
export class FormStore {
  request: RequestState = CLOSED;

  readonly #host: RequestHost;
  readonly #calls: PatientCalls;
  #remembered: Partial<Remembered> = {};

  constructor(host: RequestHost, calls: PatientCalls) {
    this.#host = host;
    this.#calls = calls;
    // Internal, and of use here only: not among the elements that a page defines.
    if (!customElements.get('itero-tooth-chart')) customElements.define('itero-tooth-chart', IteroToothChart);
    void this.#recall();
  }

  act(action: RequestAction): void {
    this.request = reduceRequest(this.request, action);
    this.#host.changed();
  }

  /** The page may have changed the patient's attributes. */
  followPatient(): void {
    if (this.request.kind !== 'editing') return;
    const identity = this.#host.identity();
    if (!identity.ok) this.act({ type: 'close' });
    else if (!isSameIdentity(identity.value, this.request.form.patient)) this.checkAnew(identity.value);
  }

  async #recall(): Promise<void> {
    const owner = this.#host.owner();
    const { signal } = this.#calls;
    const remembered = owner ? await recallChoices(owner) : {};
    // What was sent meanwhile is newer.
    if (!signal.aborted) this.#remembered = { ...remembered, ...this.#remembered };
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
    const { signal } = this.#calls;
    const api = this.#host.api();
    if (!api) return;
    const answer = await readPractice(api, signal);
    if (isLate(answer, signal, this.#host)) return;
    const identity = this.#host.identity();
    if (!answer.ok) this.act({ type: 'practice_failed', fault: answer.error });
    // As an open form does: the page no longer names a patient to send for.
    else if (!identity.ok) this.act({ type: 'close' });
    else {
      const practice = answer.value;
      const draft = startDraft(practice, this.#remembered, this.#host.userName());
      this.act({ type: 'practice_known', patient: identity.value, practice, draft, key: newKey() });
      void this.check();
      this.#host.focus('#procedure');
    }
  }

  /** Asks about this patient, who may be spelled anew. */
  checkAnew(patient: PatientIdentity): void {
    this.act({ type: 'check', patient });
    void this.check();
  }

  async check(): Promise<void> {
    const api = this.#host.api();
    if (this.request.kind !== 'editing' || !api) return;
    const signal = this.#calls.latest('check');
    const answer = await checkPatient(api, this.request.form.patient, signal);
    if (!isLate(answer, signal, this.#host)) this.act({ type: 'checked', answer });
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
    const { signal } = this.#calls;
    const answer = judgeSent(await sendRequest(api, toWire(practice, draft, patient), key, signal));
    if (isLate(answer, signal, this.#host)) return;
    if (answer.ok) this.#wasSent(answer.value, draft);
    else {
      this.act({ type: 'send_failed', fault: answer.error, nextKey: newKey() });
      void this.check();
      if (this.request.kind === 'editing') this.#focusFault(this.request.form.faults);
    }
    this.#host.listChanged();
  }

  #wasSent(sent: ScanRequest, draft: Draft): void {
    const { id, rxId, state } = sent;
    this.act({ type: 'sent', id });
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

  async correctName(): Promise<void> {
    const { request } = this;
    const api = this.#host.api();
    if (request.kind !== 'editing' || request.form.guard.kind !== 'checked' || !api) return;
    const { patient, guard, correction } = request.form;
    const { known } = guard.check;
    if (known === null || correction.step === 'running') return;
    this.act({ type: 'correct', step: 'running' });
    const { signal } = this.#calls;
    const { chartNumber, firstName, lastName } = known;
    const names = { newFirstName: patient.firstName, newLastName: patient.lastName };
    const answer = await correctPatient(api, { chartNumber, firstName, lastName, ...names }, signal);
    if (isLate(answer, signal, this.#host)) return;
    if (!answer.ok) this.act({ type: 'correct', step: 'refused', fault: answer.error });
    else if (this.request.kind === 'editing') this.checkAnew(this.request.form.patient);
  }

  /** What stands between the hindrances and the list. */
  view(look: FormLook): TemplateResult | typeof nothing {
    const { request } = this;
    switch (request.kind) {
      case 'closed':
        return nothing;
      case 'opening':
        return loadingView(4);
      case 'blocked':
        return blockedView(request.fault, this.open, this.close);
      case 'editing':
      case 'sending':
        return formTemplate({
          ...look,
          form: request.form,
          sending: request.kind === 'sending',
          fault: request.kind === 'editing' ? request.fault : null,
          edit: (change) => this.act({ type: 'edit', change }),
          accept: (concern, accepted) => this.act({ type: 'accept', concern, accepted }),
          askCorrection: () => {
            this.act({ type: 'correct', step: 'asking' });
            this.#host.focus('#correct-yes');
          },
          keepName: () => {
            this.act({ type: 'correct', step: 'idle' });
            this.#host.focus('#correct');
          },
          correctName: () => void this.correctName(),
          submit: this.submit,
          close: this.close,
        });
      default:
        return request satisfies never;
    }
  }
}
