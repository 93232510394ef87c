import { isRestorative, type CaseSpec, type CaseTooth } from './case-spec.ts';
import { xmlDocument, type Element } from './markup.ts';

const element = (
  name: string,
  content: Element['content'] = '',
  attributes: Record<string, string | number> = {},
): Element => ({
  name,
  attributes,
  content,
});

/** What is in the zip and whose it is; version 30 knows neither colours nor the history of the files. */
export function exportXml(spec: CaseSpec, version: 30 | 50, files: readonly string[]): string {
  const { patient } = spec;
  const order = [
    element('OrderId', spec.orderId),
    element('OrderCode', spec.orderCode),
    ...(spec.rxId === null ? [] : [element('RxId', spec.rxId)]),
    element('ScanDate', spec.scanDate),
    ...(version === 50 ? [element('Revision', spec.revision), element('Stage', spec.variant)] : []),
  ];
  return xmlDocument(
    element(
      isRestorative(spec) ? 'iTeroExport' : 'OrthoCADExport',
      [
        element('Order', order),
        element('Company', [element('Id', spec.companyId), element('Name', spec.companyName)]),
        element('Patient', [
          element('FirstName', patient.firstName),
          element('LastName', patient.lastName),
          element('ChartNumber', patient.chartNumber),
        ]),
        element('Doctor', [element('Name', spec.doctorName)]),
        element('Procedure', [
          element('Name', spec.procedure),
          ...(spec.procedureType === null ? [] : [element('Type', spec.procedureType)]),
        ]),
        element(
          'Teeth',
          spec.teeth.map((tooth) => toothElement(tooth, version)),
        ),
        ...(spec.notes === undefined ? [] : [element('Notes', spec.notes)]),
        element(
          'Files',
          files.map((name) =>
            element('File', name, { units: 'mm', jaw: /_u\.|upper_/.test(name) ? 'upper' : 'lower' }),
          ),
        ),
      ],
      { version },
    ),
  );
}

function toothElement({ adaId, restorationType, material, shade }: CaseTooth, version: 30 | 50): Element {
  return element(
    'Tooth',
    [
      ...(restorationType === undefined ? [] : [element('Restoration', restorationType)]),
      ...(material === undefined ? [] : [element('Material', material)]),
      ...(shade === undefined || version === 30 ? [] : [element('Shade', shade)]),
    ],
    { adaId },
  );
}
