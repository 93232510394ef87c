import type { Practice, Procedure } from '../model.ts';

const list = (first: number, names: readonly string[]): { Id: number; Name: string }[] =>
  names.map((Name, index) => ({ Id: first + index, Name }));

/** What a tooth of a Fixed Restorative RX may get (align-api §4). */
export const RESTORATION_TYPES = ['Crown', 'Bridge', 'Veneer', 'Inlay', 'Onlay', 'Implant based', 'Missing'] as const;

const type = (id: number, name: string, needsTeeth = false) => ({ id, name, needsTeeth });

export const PROCEDURES: readonly Procedure[] = [
  {
    id: 1,
    name: 'Study Model/iRecord',
    caseType: 'iRecord',
    types: [type(101, 'iRecord'), type(102, 'Study Model')],
  },
  {
    id: 2,
    name: 'Invisalign | Vivera',
    caseType: 'Invisalign',
    types: [type(201, 'Invisalign'), type(202, 'Vivera Retainer'), type(203, 'Invisalign + Vivera')],
  },
  {
    id: 4,
    name: 'Fixed Restorative',
    caseType: 'Restorative',
    types: [type(401, 'Chair Side Milling', true), type(402, 'Lab Restoration', true)],
  },
  {
    id: 5,
    name: 'Implant Planning',
    caseType: 'Implant Planning',
    types: [type(501, 'Surgical Guide', true), type(502, 'Treatment Planning')],
  },
  {
    id: 6,
    name: 'Denture/Removable',
    caseType: 'Denture',
    types: [type(601, 'Full Denture'), type(602, 'Partial Denture', true)],
  },
  {
    id: 7,
    name: 'Appliance',
    caseType: 'Appliance',
    types: [type(701, 'Night Guard'), type(702, 'Sleep Appliance'), type(703, 'Sports Guard'), type(704, 'Retainer')],
  },
];

export const RX_DEFINITION: Practice['rxDefinition'] = {
  Procedures: PROCEDURES.map(({ id, name }) => ({ Id: id, Name: name })),
  ProcedureTypes: PROCEDURES.flatMap(({ types }) => types.map(({ id, name }) => ({ Id: id, Name: name }))),
  Materials: list(1, [
    'Zirconia: Monolithic',
    'Zirconia: Layered',
    'Ceramic: Lithium disilicate',
    'Ceramic: Feldspathic',
    'Metal: High noble',
    'Metal: Non-precious',
    'PMMA (temporary)',
    'Composite',
  ]),
  Specifications: list(1, ['Regular', 'With gingival extension', 'Post and core', 'Diagnostic wax-up']),
  AbutmentTypes: list(1, ['Custom abutment', 'Stock abutment', 'Ti-base', 'Screw-retained crown']),
  PonticDesign: list(1, ['Ovate', 'Modified ridge lap', 'Ridge lap', 'Hygienic']),
  ImplantBasedRestorationTypes: list(1, ['Crown', 'Bridge', 'Abutment only']),
  ImplantsData: [
    { Id: 11, Name: 'Straumann BLT RC 4.1', IsActive: true },
    { Id: 12, Name: 'Nobel Active RP', IsActive: true },
    { Id: 13, Name: 'Zimmer TSV 3.7', IsActive: true },
    { Id: 14, Name: 'Brånemark Mk III (discontinued)', IsActive: false },
  ],
  DentureStages: list(1, ['Baseplate and rim', 'Try-in', 'Finish']),
  DentureMoulds: list(1, ['Square', 'Square tapering', 'Tapering', 'Ovoid']),
  DentureShadeSystems: list(1, ['VITA classical A1–D4', 'VITA 3D-Master', 'Ivoclar Chromascop']),
  DentureGingivalShades: list(1, ['Light pink', 'Original pink', 'Dark pink', 'Ethnic dark']),
};
