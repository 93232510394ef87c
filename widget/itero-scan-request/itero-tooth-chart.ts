import { html, LitElement, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import { msg } from '../core/localize.ts';
import { toLabel, toList, type ToothNotation } from '../core/tooth-notation.ts';
import { parseTeeth, parseTooth, type ToothFault } from './tooth-parse.ts';
import { DRAWING, drawTeeth, type DrawnTooth } from './tooth-shapes.ts';
import { nextTooth, typeAhead, type TypeAhead } from './tooth-keys.ts';
import { toothChartStyles } from './tooth-chart.styles.ts';
import { toothExample, toothFaultText, toothTitle } from './tooth-words.ts';

let drawing: readonly DrawnTooth[] | undefined;

/**
 * The two arches to choose teeth from, with a text field as its twin. Internal to `<itero-scan-request>`.
 *
 * @summary Tooth chart: click, tap or type.
 * @fires change - the choice, or whether the text can be read, changed through the person
 * @csspart tooth-chart - the drawing
 * @csspart tooth-entry - the text field
 */
export class IteroToothChart extends LitElement {
  static override styles = toothChartStyles;

  static override properties = {
    teeth: { attribute: false },
    notation: { type: String },
    disabled: { type: Boolean, reflect: true },
    error: { attribute: false },
    focusedTooth: { state: true },
    text: { state: true },
    faults: { state: true },
  };

  /** Chosen teeth, universal numbers, ascending. */
  declare teeth: readonly number[];
  declare notation: ToothNotation;
  declare disabled: boolean;
  /** What the form says against the choice; null when nothing. */
  declare error: string | null;
  /** The one tooth in the tab order. */
  declare private focusedTooth: number;
  /** Text that is no list of teeth and therefore stays as typed; null when the field mirrors the chart. */
  declare private text: string | null;
  declare private faults: readonly ToothFault[];

  #typed: TypeAhead = { text: '', at: 0 };

  constructor() {
    super();
    this.teeth = [];
    this.notation = 'fdi';
    this.disabled = false;
    this.error = null;
    this.focusedTooth = 3;
    this.text = null;
    this.faults = [];
  }

  /** The text field holds something that is no list of teeth. */
  get unreadable(): boolean {
    return this.text !== null;
  }

  override focus(options?: FocusOptions): void {
    const target = this.unreadable ? '#entry' : '[tabindex="0"]';
    this.renderRoot.querySelector<HTMLElement | SVGElement>(target)?.focus(options);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('notation') && this.hasUpdated) this.#mirror();
    if (!changed.has('teeth') || this.teeth.includes(this.focusedTooth) || this.#hasFocus()) return;
    this.focusedTooth = this.teeth[0] ?? this.focusedTooth;
  }

  #hasFocus(): boolean {
    return this.matches(':focus-within');
  }

  protected override render(): TemplateResult {
    const faults = this.faults.map((fault) => toothFaultText(fault, this.notation));
    const message = [...new Set(faults)].join(' ') || this.error;
    return html`
      <svg
        part="tooth-chart"
        viewBox="0 0 ${DRAWING.width} ${DRAWING.height}"
        role="group"
        aria-label=${msg('Tooth chart, the patient’s right is on the left')}
        aria-describedby="message"
        @click=${this.#onClick}
        @keydown=${this.#onKeyDown}
      >
        ${this.#marks()} ${(drawing ??= drawTeeth()).map((tooth) => this.#tooth(tooth))}
      </svg>
      <div class="entry">
        <label for="entry">${msg('Teeth by number')}</label>
        <input
          id="entry"
          part="tooth-entry"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          placeholder=${toothExample(this.notation)}
          .value=${this.text ?? toList(this.teeth, this.notation)}
          ?disabled=${this.disabled}
          aria-invalid=${message === null ? 'false' : 'true'}
          aria-describedby="message"
          @change=${this.#onEntry}
          @keydown=${this.#onEntryKey}
        />
        <p id="message" aria-live="polite">${message ?? nothing}</p>
      </div>
    `;
  }

  #marks(): SVGTemplateResult {
    const middle = DRAWING.width / 2;
    const between = (DRAWING.upperY + DRAWING.lowerY) / 2;
    const [upper, lower] = [between - 79, between + 79];
    const mark = (x: number, y: number, text: string) => svg`<text x=${x} y=${y}>${text}</text>`;
    return svg`<g class="marks" aria-hidden="true">
      ${
        this.notation === 'quadrant'
          ? [
              mark(middle - 35, upper, 'UR'),
              mark(middle + 35, upper, 'UL'),
              mark(middle + 35, lower, 'LL'),
              mark(middle - 35, lower, 'LR'),
            ]
          : [mark(middle, upper, msg('Upper')), mark(middle, lower, msg('Lower'))]
      }
      ${mark(20, between, msg('R', { desc: 'patient’s right, one letter' }))}
      ${mark(DRAWING.width - 20, between, msg('L', { desc: 'patient’s left, one letter' }))}
      <line x1="44" x2=${DRAWING.width - 44} y1=${between} y2=${between}></line>
    </g>`;
  }

  #tooth({ tooth, form, transform, x, y, labelX, labelY }: DrawnTooth): SVGTemplateResult {
    const chosen = this.teeth.includes(tooth);
    return svg`<g
      class="tooth"
      data-tooth=${tooth}
      role="checkbox"
      aria-checked=${chosen ? 'true' : 'false'}
      aria-disabled=${this.disabled ? 'true' : 'false'}
      aria-label=${toothTitle(tooth, this.notation)}
      tabindex=${tooth === this.focusedTooth ? '0' : '-1'}
    >
      <path class="halo" d=${form.outline} transform=${transform}></path>
      <path class="outline" d=${form.outline} transform=${transform}></path>
      <path class="relief" d=${form.relief} transform=${transform}></path>
      <path class="tick" d="M-6 0L-2 4.5L6.5-5" transform="translate(${x} ${y})"></path>
      <text x=${labelX} y=${labelY} aria-hidden="true">${this.#numeral(tooth)}</text>
    </g>`;
  }

  /** In quadrant notation the letters stand once, in the middle of their quadrant. */
  #numeral(tooth: number): string {
    return toLabel(tooth, this.notation).replace(/^\D+/, '');
  }

  readonly #onClick = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest<SVGGElement>('.tooth') : null;
    if (target === null) return;
    this.#toggle(Number(target.dataset['tooth']));
    target.focus();
  };

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      this.#typed = { text: '', at: 0 };
      this.#toggle(this.focusedTooth);
      return;
    }
    const next = nextTooth(this.focusedTooth, event.key);
    if (next !== undefined) {
      event.preventDefault();
      this.#moveTo(next);
      return;
    }
    if (event.key.length !== 1) return;
    this.#typed = typeAhead(this.#typed, event.key, event.timeStamp, this.notation);
    const parsed = parseTooth(this.#typed.text, this.notation);
    if (parsed.ok) this.#moveTo(parsed.value);
    this.faults = !parsed.ok && parsed.error.kind === 'primary' ? [parsed.error] : [];
  };

  readonly #onEntry = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.#read(event.target.value);
    this.dispatchEvent(new Event('change'));
  };

  readonly #onEntryKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement) this.#onEntry(event);
  };

  #read(text: string): void {
    const parsed = parseTeeth(text, this.notation);
    this.text = parsed.ok ? null : text;
    this.faults = parsed.ok ? [] : parsed.error;
    if (parsed.ok) this.teeth = parsed.value;
  }

  #toggle(tooth: number): void {
    if (this.disabled) return;
    const others = this.teeth.filter((chosen) => chosen !== tooth);
    this.teeth = others.length < this.teeth.length ? others : [...others, tooth].sort((a, b) => a - b);
    this.focusedTooth = tooth;
    this.#mirror();
    this.dispatchEvent(new Event('change'));
  }

  /** The text field shows the chart's choice again. */
  #mirror(): void {
    this.text = null;
    this.faults = [];
  }

  #moveTo(tooth: number): void {
    this.focusedTooth = tooth;
    this.renderRoot.querySelector<SVGElement>(`[data-tooth="${tooth}"]`)?.focus();
  }
}
