import { requireClinic } from '../access.ts';
import type { Cloud, Ctx } from '../cloud.ts';

export function getPracticeConfiguration(cloud: Cloud, c: Ctx): Response {
  const { companyId, companyName, practice } = requireClinic(cloud, c).account;
  return Response.json({
    company: { companyId, companyName },
    doctors: practice.doctors,
    scanners: practice.scanners,
    labs: practice.labs,
    procedures: practice.procedures.map(({ id, name, types }) => ({ id, name, types })),
    rxDefinition: practice.rxDefinition,
  });
}
