import type { CaseSpec } from './case-spec.ts';
import { escapeMarkup } from './markup.ts';

const style = `
  body { font: 14px/1.45 system-ui, sans-serif; color: #1d2733; max-width: 46rem; margin: 2rem auto; padding: 0 1.5rem; }
  h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; color: #2b5d7d; }
  header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 2px solid #2b5d7d; padding-bottom: .5rem; }
  dl { display: grid; grid-template-columns: 10rem 1fr; gap: .25rem 1rem; margin: 0; } dt { color: #5b6b7a; } dd { margin: 0; }
  table { border-collapse: collapse; width: 100%; } th, td { text-align: start; border-bottom: 1px solid #d4dde5; padding: .3rem .6rem .3rem 0; }
  .notes { white-space: pre-wrap; border: 1px solid #d4dde5; padding: .6rem; } .sign { margin-top: 3rem; border-top: 1px solid #1d2733; width: 18rem; }
  @media print { body { margin: 0; max-width: none; } }`;

/** The prescription as a page that can be read and printed. */
export function rxPage(spec: CaseSpec): string {
  const line = (label: string, value: string): string => `<dt>${label}</dt><dd dir="auto">${escapeMarkup(value)}</dd>`;
  const { patient } = spec;
  const teeth = spec.teeth.map(
    (tooth) =>
      `<tr><td>${tooth.adaId}</td><td>${fdi(tooth.adaId)}</td>` +
      [tooth.restorationType, tooth.material, tooth.shade]
        .map((text) => `<td>${escapeMarkup(text ?? '–')}</td>`)
        .join('') +
      '</tr>',
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Rx ${spec.orderId}</title><style>${style}
</style></head>
<body>
<header><h1>Prescription</h1><span>Order ${spec.orderId} · ${escapeMarkup(spec.orderCode)}</span></header>
<h2>Patient</h2>
<dl>${line('Name', `${patient.firstName} ${patient.lastName}`)}${line('Chart number', patient.chartNumber)}</dl>
<h2>Practice</h2>
<dl>${line('Practice', `${spec.companyName} (${spec.companyId})`)}${line('Doctor', spec.doctorName)}${line('Scanned', spec.scanDate)}</dl>
<h2>Treatment</h2>
<dl>${line('Procedure', spec.procedure)}${spec.procedureType === null ? '' : line('Type', spec.procedureType)}${spec.rxId === null ? '' : line('RX id', spec.rxId)}</dl>
${teeth.length === 0 ? '' : `<h2>Teeth</h2>\n<table><thead><tr><th>Universal</th><th>FDI</th><th>Restoration</th><th>Material</th><th>Shade</th></tr></thead><tbody>\n${teeth.join('\n')}\n</tbody></table>`}
${spec.notes === undefined ? '' : `<h2>Notes</h2>\n<p class="notes" dir="auto">${escapeMarkup(spec.notes)}</p>`}
<p class="sign">Signature of ${escapeMarkup(spec.doctorName)}</p>
</body>
</html>
`;
}

function fdi(adaId: number): string {
  if (adaId <= 8) return `1${9 - adaId}`;
  if (adaId <= 16) return `2${adaId - 8}`;
  if (adaId <= 24) return `3${25 - adaId}`;
  return `4${adaId - 24}`;
}
