/** Two clinics and their people. Demo data: the passwords are shown on the sign-in page. */
export type Role = 'dentist' | 'assistant' | 'manager';

export interface Clinic {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

export interface User {
  readonly id: string;
  readonly clinicId: string;
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  readonly role: Role;
}

export const clinics: readonly Clinic[] = [
  { id: 'lindenhof', name: 'Lindenhof Dental', address: 'Lindenhofstrasse 12, 8001 Zürich' },
  { id: 'harbour-smile', name: 'Harbour Smile', address: '4 Quay Road, Bristol BS1 5UH' },
];

export const users: readonly User[] = [
  {
    id: 'u-101',
    clinicId: 'lindenhof',
    email: 'keller@lindenhof.example',
    password: 'demo',
    displayName: 'Dr. Anna Keller',
    role: 'dentist',
  },
  {
    id: 'u-102',
    clinicId: 'lindenhof',
    email: 'meier@lindenhof.example',
    password: 'demo',
    displayName: 'Dr. Lukas Meier',
    role: 'dentist',
  },
  {
    id: 'u-103',
    clinicId: 'lindenhof',
    email: 'rossi@lindenhof.example',
    password: 'demo',
    displayName: 'Giulia Rossi',
    role: 'assistant',
  },
  {
    id: 'u-104',
    clinicId: 'lindenhof',
    email: 'huber@lindenhof.example',
    password: 'demo',
    displayName: 'Martin Huber',
    role: 'manager',
  },
  {
    id: 'u-201',
    clinicId: 'harbour-smile',
    email: 'osei@harbour.example',
    password: 'demo',
    displayName: 'Dr. Ama Osei',
    role: 'dentist',
  },
  {
    id: 'u-202',
    clinicId: 'harbour-smile',
    email: 'price@harbour.example',
    password: 'demo',
    displayName: 'Owen Price',
    role: 'assistant',
  },
];

export function clinicOf(user: User): Clinic {
  const clinic = clinics.find((candidate) => candidate.id === user.clinicId);
  if (clinic === undefined) throw new Error(`User ${user.id} has no clinic.`);
  return clinic;
}
