/** Twenty invented patients, among them the names that break software. */
export interface Patient {
  /** The practice system's own id: what stands in its URLs. */
  readonly id: string;
  readonly clinicId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly chartNumber: string;
  readonly dateOfBirth: string;
  readonly phone: string;
  readonly alerts: readonly string[];
  readonly plan: readonly { readonly tooth: string; readonly treatment: string; readonly state: string }[];
  readonly notes: string;
}

type Row = [
  id: string,
  clinic: string,
  first: string,
  last: string,
  chart: string,
  born: string,
  alerts?: string[],
  plan?: [string, string, string][],
  notes?: string,
];

const L = 'lindenhof';
const H = 'harbour-smile';

const rows: readonly Row[] = [
  [
    'p-1001',
    L,
    'Mara',
    'Brunner',
    'LH-10432',
    '1987-04-19',
    ['Penicillin allergy'],
    [
      ['16', 'Crown, zirconia', 'planned'],
      ['26', 'Recall, caries watch', 'open'],
    ],
    'Prefers early appointments. Sensitive upper right since October.',
  ],
  [
    'p-1002',
    L,
    'Noé',
    'Lefèvre-Çelik',
    'LH-10433',
    '2009-11-02',
    [],
    [['–', 'Clear aligner consultation', 'planned']],
    'Consent of both parents on file.',
  ],
  [
    'p-1003',
    L,
    'Siobhán',
    'O’Connor',
    'LH-10440',
    '1979-01-28',
    ['Latex allergy'],
    [['45', 'Implant, healing', 'in progress']],
  ],
  ['p-1004', L, 'Dara', "O'Neill-D'Souza", 'LH-10441', '1992-07-07'],
  [
    'p-1005',
    L,
    'Wolfeschlegelsteinhausen Maximiliana Theodora',
    'von Hohenstaufen-Bergerdorff zu Lichtenau-Wittgenstein',
    'LH-10455',
    '1968-12-31',
    ['Anticoagulant'],
    [
      ['11', 'Veneer', 'planned'],
      ['21', 'Veneer', 'planned'],
    ],
  ],
  ['p-1006', L, 'יעל', 'בן־דוד', 'LH-10456', '1995-03-14', [], [['36', 'Onlay', 'planned']]],
  ['p-1007', L, 'محمد', 'الأنصاري', 'LH-10457', '1983-09-09'],
  ['p-1008', L, 'Thomas', 'Müller', 'LH-10460', '1971-05-23', [], [['47', 'Crown, metal ceramic', 'done']]],
  [
    'p-1009',
    L,
    'Thomas',
    'Müller',
    'LH-10461',
    '2001-08-30',
    [],
    [],
    'Not the same person as LH-10460: check the birth date.',
  ],
  ['p-1010', L, 'Lena', 'Frei', '0815', '1990-02-11', [], [], 'Chart number from the former system, without prefix.'],
  [
    'p-1011',
    L,
    'Lena',
    'Frei',
    'LH-0815',
    '1990-02-11',
    [],
    [],
    'Probably a double entry of chart 0815: to be merged by the front desk.',
  ],
  ['p-1012', L, 'Łukasz', 'Święcicki', 'LH-10470', '1985-06-18'],
  ['p-1013', L, '小春', '佐藤', 'LH-10471', '1999-10-10', [], [['–', 'Retention check', 'open']]],
  ['p-2001', H, 'Grace', 'Whitfield', 'HS/2291', '1976-03-03', ['Pacemaker'], [['24', 'Inlay, composite', 'planned']]],
  ['p-2002', H, 'Jean-Luc', 'd’Aubigné', 'HS/2292', '1964-09-17'],
  [
    'p-2003',
    H,
    'Mara',
    'Brunner',
    'HS/2300',
    '1987-04-19',
    [],
    [],
    'Same name and birth date as a patient of another clinic: another record, another clinic.',
  ],
  ['p-2004', H, 'Oluwaseun', 'Adébáyò', 'HS/2301', '1993-12-05', [], [['–', 'Study models', 'planned']]],
  ['p-2005', H, 'Ng', 'Y', 'HS/2302', '2004-01-01'],
  ['p-2006', H, 'Zoë', 'Smith–Jones', 'HS/2303', '1998-08-08', ['Asthma']],
  ['p-2007', H, 'Robert', '<b>Tables</b>; --', 'HS/2304', '1990-05-05', [], [], 'The name came so from an import.'],
];

export const patients: readonly Patient[] = rows.map(
  ([id, clinicId, firstName, lastName, chartNumber, dateOfBirth, alerts, plan, notes], index) => ({
    id,
    clinicId,
    firstName,
    lastName,
    chartNumber,
    dateOfBirth,
    phone: `+00 555 01${String(index + 10).padStart(2, '0')}`,
    alerts: alerts ?? [],
    plan: (plan ?? []).map(([tooth, treatment, state]) => ({ tooth, treatment, state })),
    notes: notes ?? '',
  }),
);

export function patientsOf(clinicId: string): readonly Patient[] {
  return patients.filter((patient) => patient.clinicId === clinicId);
}

export interface Appointment {
  readonly time: string;
  readonly minutes: number;
  readonly chair: string;
  readonly reason: string;
  readonly patient: Patient;
}

const reasons = [
  'Crown preparation, scan',
  'Aligner consultation, scan',
  'Implant control',
  'Study models',
  'Recall',
  'Veneers, scan',
  'Denture, first visit',
];

/** Today's list of a clinic: the same at every start, so that a demo can be repeated. */
export function scheduleOf(clinicId: string): readonly Appointment[] {
  return patientsOf(clinicId)
    .slice(0, 8)
    .map((patient, index) => ({
      time: `${String(8 + Math.floor((index * 45) / 60)).padStart(2, '0')}:${String((index * 45) % 60).padStart(2, '0')}`,
      minutes: 45,
      chair: index % 2 === 0 ? 'Room 1' : 'Room 2',
      reason: reasons[index % reasons.length] ?? 'Recall',
      patient,
    }));
}
