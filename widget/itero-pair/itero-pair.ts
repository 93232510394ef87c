import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import type { ComponentName } from '../../shared/session.ts';
import { adoptLate } from '../core/adopt-late.ts';
import { IteroElement } from '../core/itero-element.ts';
import { LazyPart } from '../core/lazy-part.ts';
import { msg } from '../core/localize.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import type { LinkState } from '../core/page-link.ts';
import { faultView, frame, offlineNotice } from '../core/view-state.ts';
import type { PairBody } from './pair-body.ts';

/**
 * @summary The clinic's connection to iTero: connect, who is signed in, whether scans arrive, disconnect.
 * @attr no-ledger - Hides the count of cases and what it means.
 * @slot heading - Replaces the heading.
 * @slot actions - More controls beside the heading.
 * @slot loading - Shown while loading.
 * @slot error - Shown instead of an error.
 * @fires itero-ready - A session was granted.
 * @fires itero-paired - The clinic was connected, here or elsewhere.
 * @fires itero-unpaired - The clinic was disconnected; `reason` is `unpaired` or `lost`.
 * @fires itero-before-unpair - Cancelable: about to disconnect.
 * @fires itero-error - Something failed; the element shows what to do.
 * @fires itero-session-expired - The practice system gave no new session.
 * @csspart base - The outline.
 * @csspart header - Heading and actions.
 * @csspart body - All below the header.
 * @csspart clinic - The connected account.
 * @csspart logins - Who is signed in.
 * @csspart health - How new scans arrive.
 * @csspart ledger - The count of cases.
 * @csspart ledger-meaning - What the count means, folded.
 * @csspart accounts - The choice of an account.
 * @csspart dialog - The question before disconnecting or signing out.
 * @cssstate loading - Nothing is known yet.
 * @cssstate error - It could not be loaded.
 * @cssstate offline - The service cannot be reached.
 * @cssstate paired - The clinic is connected.
 * @cssstate unpaired - The clinic is not connected.
 */
export class IteroPair extends IteroElement {
  static override component: ComponentName = 'pair';
  static override patientBound = false;
  static override styles: CSSResultGroup = IteroElement.styles;
  static override properties: PropertyDeclarations = { noLedger: { type: Boolean, attribute: 'no-ledger' } };

  declare noLedger: boolean;

  /** Settings pages need it, patients' charts do not: fetched while the session is asked for. */
  readonly #body = new LazyPart<PairBody>(
    async () => {
      const { PairBody, styles } = await import('./pair-body.ts');
      adoptLate(this.renderRoot, styles);
      return new PairBody(this, {
        link: () => this.link,
        mayManage: () => this.has('pair:manage'),
        emit: (event) => this.emit(event),
        language: () => this.language,
        showsLedger: () => !this.noLedger,
      });
    },
    () => this.requestUpdate(),
  );

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#body.fetch();
  }

  protected override dropData(): void {
    this.#body.part?.drop();
  }

  protected override linkChanged(state: LinkState): void {
    if (state.kind !== 'ready') return;
    void this.#body.fetch();
    this.#body.part?.start();
  }

  protected override streamEvent({ type }: StreamEvent | { readonly type: 'stream.reset' }): void {
    // Every event changes what is counted here; the pairing itself says what is true now.
    this.#body.part?.streamEvent(type);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const link = this.link?.state.kind;
    if (link === 'expired' || link === 'failed') this.setStates('error');
    else this.setStates(...(link === 'offline' ? (['offline'] as const) : []), this.#body.part?.stateName ?? 'loading');
  }

  override render(): TemplateResult {
    const body = this.#body.part;
    return html`${frame({ heading: msg('iTero connection'), aside: body?.aside() ?? nothing, body: this.#content() })}
    ${body?.dialog() ?? nothing}`;
  }

  #content(): unknown {
    const state = this.link?.state;
    const again = (): void => this.link?.retry();
    if (state?.kind === 'failed') return faultView(state.fault);
    if (state?.kind === 'expired') return faultView(state.fault, again, 'warning');
    const offline = state?.kind === 'offline';
    const content = this.#body.part ? this.#body.part.content(offline) : this.#body.placeholder();
    return [offline ? offlineNotice(again) : nothing, content];
  }
}
