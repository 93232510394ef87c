import { sendKeys } from '@web/test-runner-commands';
import { assert } from 'chai';
import { IteroToothChart } from '../../../widget/itero-scan-request/itero-tooth-chart.ts';
import { assertAccessible, mount, unmount, visibleText } from '../../support/dom/page.ts';

if (!customElements.get('itero-tooth-chart')) customElements.define('itero-tooth-chart', IteroToothChart);

async function mountChart(attributes = ''): Promise<IteroToothChart> {
  const chart = mount(`<itero-tooth-chart ${attributes}></itero-tooth-chart>`);
  if (!(chart instanceof IteroToothChart)) throw new Error('itero-tooth-chart is not defined');
  await chart.updateComplete;
  return chart;
}

function tooth(chart: IteroToothChart, number: number): SVGElement {
  const found = chart.renderRoot.querySelector<SVGElement>(`[data-tooth="${number}"]`);
  if (!found) throw new Error(`tooth ${number} is not drawn`);
  return found;
}

function entry(chart: IteroToothChart): HTMLInputElement {
  const found = chart.renderRoot.querySelector('input');
  if (!found) throw new Error('there is no text field');
  return found;
}

async function write(chart: IteroToothChart, text: string): Promise<void> {
  entry(chart).value = text;
  entry(chart).dispatchEvent(new Event('change', { bubbles: true }));
  await chart.updateComplete;
}

const focused = (chart: IteroToothChart) => chart.shadowRoot?.activeElement?.getAttribute('data-tooth');
const click = (element: Element) => element.dispatchEvent(new MouseEvent('click', { bubbles: true }));

describe('itero-tooth-chart', () => {
  afterEach(unmount);

  it('draws 32 teeth as checkboxes with their anatomical names, one of them in the tab order', async () => {
    const chart = await mountChart();
    const teeth = [...chart.renderRoot.querySelectorAll('[role="checkbox"]')];
    assert.lengthOf(teeth, 32);
    assert.equal(tooth(chart, 3).getAttribute('aria-label'), 'Tooth 16, upper right first molar');
    assert.equal(tooth(chart, 25).getAttribute('aria-label'), 'Tooth 41, lower right central incisor');
    assert.lengthOf(
      teeth.filter((one) => one.getAttribute('tabindex') === '0'),
      1,
    );
    assert.isBelow(tooth(chart, 3).getBoundingClientRect().left, tooth(chart, 14).getBoundingClientRect().left);
  });

  it('speaks the notation that was chosen', async () => {
    const chart = await mountChart('notation="universal"');
    assert.equal(tooth(chart, 3).getAttribute('aria-label'), 'Tooth 3, upper right first molar');
    chart.notation = 'quadrant';
    await chart.updateComplete;
    assert.equal(tooth(chart, 3).getAttribute('aria-label'), 'Tooth UR6, upper right first molar');
    chart.teeth = [3, 14];
    await chart.updateComplete;
    assert.equal(entry(chart).value, 'UR6, UL6');
    assert.equal(tooth(chart, 3).querySelector('text')?.textContent, '6');
  });

  it('toggles a tooth by a click on it or on its number, and tells so', async () => {
    const chart = await mountChart();
    let changes = 0;
    chart.addEventListener('change', () => (changes += 1));
    click(tooth(chart, 14).querySelector('.outline') ?? chart);
    click(tooth(chart, 3).querySelector('text') ?? chart);
    await chart.updateComplete;
    assert.deepEqual([...chart.teeth], [3, 14]);
    assert.equal(entry(chart).value, '16, 26');
    assert.equal(tooth(chart, 14).getAttribute('aria-checked'), 'true');
    click(tooth(chart, 14));
    await chart.updateComplete;
    assert.deepEqual([...chart.teeth], [3]);
    assert.equal(changes, 3);
  });

  it('shows a chosen tooth by more than its colour', async () => {
    const chart = await mountChart();
    const tick = () => getComputedStyle(tooth(chart, 3).querySelector('.tick') ?? chart).visibility;
    assert.equal(tick(), 'hidden');
    click(tooth(chart, 3));
    await chart.updateComplete;
    assert.equal(tick(), 'visible');
    assert.equal(getComputedStyle(tooth(chart, 3).querySelector('text') ?? chart).fontWeight, '700');
  });

  it('is walked by arrows, within an arch and across, and toggled by Space and Enter', async () => {
    const chart = await mountChart();
    chart.focus();
    assert.equal(focused(chart), '3');
    await sendKeys({ press: 'ArrowRight' });
    assert.equal(focused(chart), '4');
    await sendKeys({ press: 'Space' });
    await sendKeys({ press: 'ArrowDown' });
    assert.equal(focused(chart), '29');
    await sendKeys({ press: 'Enter' });
    await sendKeys({ press: 'End' });
    assert.equal(focused(chart), '17');
    await chart.updateComplete;
    assert.deepEqual([...chart.teeth], [4, 29]);
    assert.equal(tooth(chart, 17).getAttribute('tabindex'), '0');
  });

  it('jumps to a tooth whose number is typed, and chooses nothing by that', async () => {
    const chart = await mountChart();
    chart.focus();
    await sendKeys({ type: '26' });
    assert.equal(focused(chart), '14');
    await sendKeys({ type: 'lr7' });
    assert.equal(focused(chart), '31');
    assert.deepEqual([...chart.teeth], []);
    await sendKeys({ press: 'Space' });
    assert.deepEqual([...chart.teeth], [31]);
  });

  it('reads lists and ranges from its text field', async () => {
    const chart = await mountChart();
    await write(chart, '14, 24-26');
    assert.deepEqual([...chart.teeth], [5, 12, 13, 14]);
    assert.equal(tooth(chart, 13).getAttribute('aria-checked'), 'true');
    await write(chart, '');
    assert.deepEqual([...chart.teeth], []);
  });

  it('keeps text that is no list of teeth as it was typed, says why, and leaves the choice alone', async () => {
    const chart = await mountChart();
    await write(chart, '16');
    await write(chart, '16, 99');
    assert.isTrue(chart.unreadable);
    assert.equal(entry(chart).value, '16, 99');
    assert.equal(entry(chart).getAttribute('aria-invalid'), 'true');
    assert.include(visibleText(chart), '“99” is not a tooth. Teeth are written here as FDI numbers, 11 to 48.');
    assert.deepEqual([...chart.teeth], [3]);
    await assertAccessible(chart);
    click(tooth(chart, 14));
    await chart.updateComplete;
    assert.isFalse(chart.unreadable);
    assert.equal(entry(chart).value, '16, 26');
  });

  it('says of a primary tooth that the scanner interface knows permanent teeth only, and maps nothing', async () => {
    const chart = await mountChart();
    await write(chart, '55');
    assert.include(visibleText(chart), '“55” is a primary tooth. The scanner interface knows permanent teeth only.');
    assert.deepEqual([...chart.teeth], []);
    await write(chart, '');
    chart.focus();
    await sendKeys({ type: '85' });
    await chart.updateComplete;
    assert.include(visibleText(chart), '“85” is a primary tooth.');
    assert.deepEqual([...chart.teeth], []);
  });

  it('takes what was typed with Enter, without leaving the field', async () => {
    const chart = await mountChart();
    entry(chart).focus();
    await sendKeys({ type: '36 46' });
    await sendKeys({ press: 'Enter' });
    assert.deepEqual([...chart.teeth], [19, 30]);
  });

  it('does not change while it is disabled', async () => {
    const chart = await mountChart('disabled');
    click(tooth(chart, 3));
    assert.deepEqual([...chart.teeth], []);
    assert.isTrue(entry(chart).disabled);
    await assertAccessible(chart);
  });

  it('is accessible with teeth chosen and with an error of the form', async () => {
    const chart = await mountChart();
    chart.teeth = [3, 14, 19];
    chart.error = 'Choose at least one tooth.';
    await chart.updateComplete;
    await assertAccessible(chart);
  });
});
