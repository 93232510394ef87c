import type { Account, AssetMode, AssetType, Doctor, Practice } from '../model.ts';
import { PROCEDURES, RX_DEFINITION } from './rx-definition.ts';

const modes = (IDE: AssetMode, IMAGE_GALLERY: AssetMode, SCREEN_CAPTURES: AssetMode): Record<AssetType, AssetMode> => ({
  IDE,
  IMAGE_GALLERY,
  SCREEN_CAPTURES,
});

const doctor = (
  id: number | string,
  firstName: string,
  lastName: string,
  kind: string,
  licenseNumber: string,
): Doctor => ({
  id,
  firstName,
  lastName,
  type: kind,
  licenseNumber,
});

const practice = (parts: Pick<Practice, 'doctors' | 'scanners' | 'labs'>): Practice => ({
  ...parts,
  procedures: PROCEDURES,
  rxDefinition: RX_DEFINITION,
});

const account = (
  companyId: number,
  companyName: string,
  city: string,
  country: string,
  rest: Pick<Account, 'isConfigured' | 'notPairedStatus' | 'assetModes' | 'practice'>,
): Account => ({ companyId, companyName, city, country, ...rest, callbackUrl: undefined, paired: new Map() });

/** Four clinics. Ids come as numbers at some and as strings at others, as upstream's do (align-api §9). */
export function createAccounts(): Account[] {
  return [
    account(1017, 'Riverside Dental', 'Portland', 'US', {
      isConfigured: true,
      notPairedStatus: 403,
      assetModes: modes('redirect', 'bearer', 'presigned'),
      practice: practice({
        doctors: [
          doctor(2001, 'Alice', 'Adams', 'Dentist', 'OR-D10432'),
          doctor(2002, 'Björn', 'Baker', 'Dentist', 'OR-D11876'),
        ],
        scanners: [
          { serialNumber: 'RC2021W0417', name: 'Operatory 1', model: 'Element 5D' },
          { serialNumber: 'RC2023L1188', name: 'Operatory 2', model: 'Lumina' },
          { serialNumber: 'HD2012A0093', name: 'Old cart (basement)', model: 'iTero HD2.9' },
        ],
        labs: [
          { id: 501, name: 'Cascade Dental Lab' },
          { id: 502, name: 'Mill & Glaze' },
        ],
      }),
    }),
    account(1023, 'Riverside Dental East', 'Gresham', 'US', {
      isConfigured: true,
      notPairedStatus: 401,
      assetModes: modes('bearer', 'bearer', 'bearer'),
      practice: practice({
        doctors: [doctor(2001, 'Alice', 'Adams', 'Dentist', 'OR-D10432')],
        scanners: [{ serialNumber: 'RC2019E0031', name: 'Chair A', model: 'Element 2' }],
        labs: [{ id: 501, name: 'Cascade Dental Lab' }],
      }),
    }),
    account(1042, 'Lakeview Orthodontics', 'Genève', 'CH', {
      isConfigured: true,
      notPairedStatus: 403,
      assetModes: modes('presigned', 'presigned', 'presigned'),
      practice: practice({
        doctors: [
          doctor('D-3001', 'Lucía', 'López Núñez', 'Orthodontist', 'GE-4471'),
          doctor('D-3002', 'Mehdi', "O'Farrell", 'Dentist', 'GE-5120'),
        ],
        scanners: [
          { serialNumber: 'RC2022F0770', name: 'Fauteuil 1', model: 'Element 5D Plus' },
          { serialNumber: 'IT2010C0004', name: 'Réserve', model: 'iTero' },
        ],
        labs: [{ id: 'L-77', name: 'Laboratoire du Lac' }],
      }),
    }),
    account(1058, 'Harbor Dental', 'Seattle', 'US', {
      isConfigured: false,
      notPairedStatus: 403,
      assetModes: modes('bearer', 'bearer', 'bearer'),
      practice: practice({
        doctors: [doctor(2001, 'Alice', 'Adams', 'Dentist', 'OR-D10432')],
        scanners: [],
        labs: [],
      }),
    }),
  ];
}
