import { requireUser } from '../access.ts';
import type { Cloud, Ctx } from '../cloud.ts';

export function getAvailableCompanies(cloud: Cloud, c: Ctx): Response {
  const { user } = requireUser(cloud, c);
  const companies = user.companyIds
    .map((id) => cloud.state.accounts.get(id))
    .filter((account) => account !== undefined)
    .map(({ companyId, companyName, city, country, isConfigured }) => ({
      companyId,
      companyName,
      city,
      country,
      isConfigured,
    }));
  return Response.json({ companies });
}
