import type { CSSResultGroup, PropertyDeclarations, PropertyValues } from 'lit';
import type { ComponentName, Scope, SessionClaims } from '../../shared/session.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import { IteroReadyEvent, IteroSessionExpiredEvent } from './events.ts';
import {
  joinPageLink,
  keyOf,
  type JoinedLink,
  type LinkEvent,
  type LinkPlace,
  type LinkState,
  type PageLink,
} from './page-link.ts';
import {
  apiBaseOf,
  flagOf,
  holdersOf,
  languageOf,
  MISSING_CHART,
  PROVIDER_CHANGE,
  settingOf,
  sourceOf,
} from './settings.ts';
import { SettingsElement } from './settings-element.ts';
import { tokens } from './tokens.ts';
import type { ToothNotation } from './tooth-notation.ts';

export type StateName = 'loading' | 'empty' | 'error' | 'offline' | 'paired' | 'unpaired';

const STATES: readonly StateName[] = ['loading', 'empty', 'error', 'offline', 'paired', 'unpaired'];
const LINK_PROPERTIES = ['apiBase', 'session', 'sessionUrl', 'fetchSession', 'chartNumber'] as const;

/**
 * Base of the elements: finds the settings (own attributes, providers around, meta), joins the page link, and leaves it
 * when the element goes or the patient changes.
 *
 * Order a subclass can rely on: `dropData()` (synchronous; forget everything shown) → `linkChanged({kind:'starting'})`
 * → … → `linkChanged({kind:'ready'})` (load now). After `offline`, `ready` comes again without `dropData`.
 *
 * @cssproperty --itero-font-family - Font of all text.
 * @cssproperty --itero-font-size-base - Size of running text; smaller and larger ones follow it.
 * @cssproperty --itero-spacing-unit - All distances are multiples of it.
 * @cssproperty --itero-border-radius - Corners of outline, fields and buttons.
 * @cssproperty --itero-color-primary - Main buttons, links, focus.
 * @cssproperty --itero-color-background - Background.
 * @cssproperty --itero-color-text - Text.
 * @cssproperty --itero-color-secondary-text - Less important text.
 * @cssproperty --itero-color-border - Lines.
 * @cssproperty --itero-color-danger - Errors, and what cannot be taken back.
 * @cssproperty --itero-color-success - All is well.
 * @cssproperty --itero-color-warning - Needs attention.
 * @cssproperty --itero-focus-ring - Outline of what has the focus.
 */
export abstract class IteroElement extends SettingsElement {
  /** What a session must be granted for this element. */
  static component: ComponentName;
  /** Whether `chart-number` binds this element to a patient. */
  static patientBound = true;
  static override styles: CSSResultGroup = [SettingsElement.styles, tokens];
  static override properties: PropertyDeclarations = {
    chartNumber: { attribute: 'chart-number' },
  };

  declare chartNumber: string | null;

  readonly #internals = this.attachInternals();
  #holders: readonly Element[] = [];
  #link: JoinedLink | undefined;
  /** Where the settings are read again at the next update. */
  #stale = true;
  #chart: string | undefined;
  #ready = false;

  /** Set while connected, from the first update on. */
  protected get link(): PageLink | undefined {
    return this.#link;
  }

  protected get claims(): SessionClaims | undefined {
    const state = this.#link?.state;
    return state && 'claims' in state ? state.claims : undefined;
  }

  /** Whether the session was granted this. The BFF decides at every call; this only hides what would be refused. */
  protected has(scope: Scope): boolean {
    return this.claims?.scope.split(' ').includes(scope) ?? false;
  }

  /** The language in force at this element. */
  protected get language(): string {
    return languageOf(this);
  }

  /** Only initials are to be shown. */
  protected get initialsOnly(): boolean {
    return flagOf(this.#holders, 'privacy');
  }

  protected get notation(): ToothNotation {
    const value = settingOf(this.#holders, 'tooth-notation');
    return value === 'universal' || value === 'quadrant' ? value : 'fdi';
  }

  /** Forget everything that was loaded: another patient, user or clinic. Called before anything new is asked for. */
  protected dropData(): void {}

  /** The session's state changed. Load when it becomes `ready` and nothing is loaded yet. */
  protected linkChanged(_state: LinkState): void {}

  /** Something happened. After `stream.reset` everything has to be loaded again. */
  protected streamEvent(_event: StreamEvent | { readonly type: 'stream.reset' }): void {}

  /** Dispatches; false when a listener prevented it. */
  protected emit(event: Event): boolean {
    return this.dispatchEvent(event);
  }

  /** The custom states `:state(…)` that hold now; all others are taken away. */
  protected setStates(...names: StateName[]): void {
    for (const name of STATES) {
      if (names.includes(name)) this.#internals.states.add(name);
      else this.#internals.states.delete(name);
    }
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#findHolders();
    this.#settingsChanged();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forgetHolders();
    // An element that is only moved comes back within the same task and keeps its link.
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave();
    });
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.hasUpdated && LINK_PROPERTIES.some((name) => changed.has(name))) this.#stale = true;
    if (this.#stale && this.isConnected) this.#join();
  }

  protected override performUpdate(): void {
    const held = this.shadowRoot?.activeElement;
    super.performUpdate();
    if (held && !this.shadowRoot?.activeElement) void this.#keepFocus();
  }

  readonly #settingsChanged = (): void => {
    this.#stale = true;
    this.requestUpdate();
  };

  /** The control that had the focus is gone: a keyboard goes on from the element's top, not from the page's. */
  async #keepFocus(): Promise<void> {
    // An element that knows a better place goes there in `updated`.
    await this.updateComplete;
    if (this.isConnected && document.activeElement === document.body)
      this.shadowRoot?.getElementById('heading')?.focus();
  }

  #findHolders(): void {
    this.#holders = holdersOf(this);
    for (const provider of this.#holders.slice(1)) provider.addEventListener(PROVIDER_CHANGE, this.#settingsChanged);
  }

  #forgetHolders(): void {
    for (const provider of this.#holders) provider.removeEventListener(PROVIDER_CHANGE, this.#settingsChanged);
  }

  #join(): void {
    this.#stale = false;
    const type = this.constructor as typeof IteroElement;
    const chartNumber = type.patientBound ? (this.chartNumber ?? undefined) : undefined;
    const empty = chartNumber !== undefined && chartNumber.trim() === '';
    const source = empty ? MISSING_CHART : sourceOf(this.#holders);
    const before = this.#link;
    const place: LinkPlace = {
      apiBase: apiBaseOf(this.#holders),
      source,
      chartNumber,
      component: type.component,
      reason: before && this.#chart !== chartNumber ? 'patient-changed' : 'start',
    };
    if (before?.key === keyOf(place)) return;
    // What is shown and the stream behind it go before anything is asked about another patient.
    this.#leave();
    this.dropData();
    this.#chart = chartNumber;
    this.#link = joinPageLink(place);
    this.#link.on((event) => this.#heard(event));
    this.#tellState(this.#link.state);
  }

  #leave(): void {
    this.#link?.leave();
    this.#link = undefined;
    this.#ready = false;
    this.#stale = true;
  }

  #heard(event: LinkEvent): void {
    if (event.type !== 'link.state') {
      this.streamEvent(event);
      return;
    }
    const state = this.#link?.state;
    if (!state) return;
    if (state.kind === 'starting') this.dropData();
    this.#tellState(state);
  }

  #tellState(state: LinkState): void {
    if (state.kind === 'ready' && !this.#ready) {
      this.#ready = true;
      this.emit(new IteroReadyEvent(this.#component));
    }
    if (state.kind === 'expired') this.emit(new IteroSessionExpiredEvent(this.#component));
    this.linkChanged(state);
    this.requestUpdate();
  }

  get #component(): ComponentName {
    return (this.constructor as typeof IteroElement).component;
  }
}
