import type { Practice } from '../../../shared/practice.ts';
import type { PatientCheck, ScanRequest } from '../../../shared/scan-request.ts';

export const practice: Practice = {
  account: { id: '1017', name: 'Praxis am Park' },
  doctors: [
    { id: 'd1', name: 'Dr. Eva Berg', type: 'Dentist', selectable: true },
    { id: 'd2', name: 'Tom Wolf', type: 'Dentist', selectable: true },
    { id: 'd3', name: 'Lab Person', type: null, selectable: false },
  ],
  scanners: [
    { serialNumber: 'S1', name: 'Room 1', model: 'Element 5D', supported: true },
    { serialNumber: 'S0', name: 'Old one', model: 'iTero HD2.9', supported: false },
  ],
  labs: [
    { id: 'l1', name: 'Dental Lab North' },
    { id: 'l2', name: 'Dental Lab South' },
  ],
  procedures: [
    { id: 'p1', name: 'Study Model/iRecord', types: [{ id: 't1', name: 'iRecord', needsTeeth: false }] },
    {
      id: 'p2',
      name: 'Fixed Restorative',
      types: [
        { id: 't2', name: 'Crown', needsTeeth: true },
        { id: 't3', name: 'Full arch', needsTeeth: false },
      ],
    },
    { id: 'p3', name: 'Implant Planning', types: [{ id: 't4', name: 'Single implant', needsTeeth: true }] },
    { id: 'p4', name: 'Appliance', types: [] },
  ],
  restorationTypes: ['Crown', 'Bridge', 'Veneer'],
  materials: [
    { id: 'm1', name: 'Zirconia' },
    { id: 'm2', name: 'Lithium disilicate' },
  ],
  shades: ['A1', 'A2', 'B1'],
  fetchedAt: '2026-11-23T10:00:00.000Z',
};

export const unknownPatient: PatientCheck = { verdict: 'unknown', known: null, otherCharts: [], openRequests: [] };

export const samePatient: PatientCheck = {
  verdict: 'same',
  known: { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7', lastSeenAt: '2026-10-02T08:00:00.000Z' },
  otherCharts: [],
  openRequests: [],
};

export const differentPatient: PatientCheck = {
  verdict: 'different',
  known: { firstName: 'Zoe', lastName: 'Ohara', chartNumber: 'C-7', lastSeenAt: '2026-10-02T08:00:00.000Z' },
  otherCharts: [],
  openRequests: [],
};

export function scanRequest(change: Partial<ScanRequest> = {}): ScanRequest {
  return {
    id: 'r1',
    state: 'sent',
    rxId: '7a1f0c1e-0000-4000-8000-000000000001',
    orderId: null,
    possibleOrderId: null,
    patient: { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7' },
    procedure: 'Fixed Restorative',
    procedureType: 'Crown',
    doctor: 'Dr. Eva Berg',
    teeth: [3, 14],
    dueDate: null,
    createdAt: '2026-11-23T10:00:00.000Z',
    createdBy: 'Ann Assistant',
    sentThrough: 'Dr. Eva Berg',
    problem: null,
    ...change,
  };
}
