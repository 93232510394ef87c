import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { PROBLEMS, problemSchema } from '../../shared/problem.ts';
import { headers } from '../../shared/routes.ts';
import type { Endpoint } from './endpoint.ts';
import { jsonHeaders } from './problems.ts';
import type { OpenRoute } from './router.ts';

type Json = Record<string, unknown>;

/** `/openapi.json`, made once from the endpoint table, so that it cannot drift from what is served. */
export function createOpenApiRoute(
  endpoints: readonly Endpoint[],
  about: { version: string; publicUrl: string },
): OpenRoute {
  let text: string | null = null;
  return {
    method: 'GET',
    path: '/openapi.json',
    quiet: true,
    handle() {
      text ??= JSON.stringify(toOpenApi(endpoints, about));
      return new Response(text, { headers: { 'Content-Type': 'application/json', ...jsonHeaders } });
    },
  };
}

export function toOpenApi(endpoints: readonly Endpoint[], about: { version: string; publicUrl: string }): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}');
    (paths[path] ??= {})[endpoint.method] = toOperation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'itero-embed',
      version: about.version,
      description: 'Independent; not affiliated with or endorsed by Align Technology. iTero and Align are its marks.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: about.publicUrl }],
    paths,
    components: {
      securitySchemes: {
        session: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The session token of POST /v1/sessions',
        },
        vendor: { type: 'http', scheme: 'bearer', description: 'The vendor API key: in the DPMS backend alone' },
      },
      schemas: { Problem: problemDocument() },
      responses: {
        Problem: {
          description: 'What went wrong, with a sentence for people',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function toOperation(endpoint: Endpoint): Json {
  const inPath = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = endpoint.kind === 'raw' ? (endpoint.query ?? {}) : {};
  const inQuery = Object.entries(query).map(([name, about]) => ({
    name,
    in: 'query',
    ...about,
    schema: { type: 'string' },
  }));
  const parameters = [...inPath, ...inQuery];
  const json = endpoint.kind === 'json' ? endpoint : null;
  const keyed = json !== null && json.idempotent !== false;
  const key = { name: headers.idempotencyKey, in: 'header', schema: { type: 'string', maxLength: 255 } };
  return {
    summary: endpoint.summary,
    operationId: toOperationId(endpoint),
    ...(endpoint.auth === 'open' ? { security: [] } : { security: [{ [endpoint.auth]: [...endpoint.scopes] }] }),
    parameters: keyed ? [...parameters, key] : parameters,
    ...(json?.body ? { requestBody: { required: true, content: jsonContent(json.body, 'input') } } : {}),
    responses: { ...success(endpoint), default: { $ref: '#/components/responses/Problem' } },
  };
}

function success(endpoint: Endpoint): Json {
  if (endpoint.kind === 'raw') {
    const media = (endpoint.media ?? []).map((type) => [type, { schema: { type: 'string' } }]);
    const content = { ...(endpoint.answer && jsonContent(endpoint.answer, 'output')), ...Object.fromEntries(media) };
    return { '2XX': { description: endpoint.summary, ...(Object.keys(content).length > 0 && { content }) } };
  }
  if (endpoint.answer === null) return { [endpoint.status]: { description: 'Done' } };
  const answer = { description: endpoint.summary, content: jsonContent(endpoint.answer, 'output') };
  return Object.fromEntries([endpoint.status, ...endpoint.also].map((status) => [status, answer]));
}

function jsonContent(schema: GenericSchema, typeMode: 'input' | 'output'): Json {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    typeMode,
    errorMode: 'ignore',
    target: 'draft-2020-12',
  });
  return { 'application/json': { schema: converted } };
}

function problemDocument(): Json {
  const { $schema: _, ...converted } = toJsonSchema(problemSchema, { target: 'draft-2020-12' });
  const properties = converted.properties as Json;
  return { ...converted, properties: { ...properties, code: { type: 'string', examples: Object.keys(PROBLEMS) } } };
}

/** `POST /v1/scans/:orderId/read` → `postScansOrderIdRead`. */
function toOperationId({ method, path }: Endpoint): string {
  const words = path.split('/').filter((word) => word !== '' && word !== 'v1');
  const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
  return (
    method +
    words
      .flatMap((word) => word.replace(/^:/, '').split('-'))
      .map(capital)
      .join('')
  );
}
