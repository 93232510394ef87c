import type { ReadyRoute } from '../../http/at-once.ts';
import { rawEndpoint, type Endpoint } from '../../http/endpoint.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { LinkAccess } from './link-access.ts';
import { readyPicture, sendPicture } from './send-picture.ts';
import { sendZip, type ZipParts } from './send-zip.ts';

const PATH = '/v1/assets/:link';

/** `GET /v1/assets/{link}`: the link itself is the right to the file; it is checked at every hit. */
export function createAssetEndpoint(parts: ZipParts & { access: LinkAccess; pictures: Pictures }): Endpoint {
  return rawEndpoint({
    method: 'get',
    path: PATH,
    auth: 'open',
    summary: 'A picture or a file of a scan by its short-lived link; takes Range',
    async handle(context) {
      const opened = await parts.access.open(context.req.param('link') ?? '');
      const { target } = opened.link;
      if (target.kind === 'picture') return sendPicture(parts, context, opened, target);
      return sendZip(parts, context, opened, target.kind);
    },
  });
}

/** Its short way, for the small pictures of a list. */
export function createReadyPictures(parts: { access: LinkAccess; pictures: Pick<Pictures, 'hot'> }): ReadyRoute {
  return {
    path: PATH,
    answer(link, headers) {
      const opened = parts.access.openAtOnce(link);
      return opened === null ? null : readyPicture(parts.pictures, opened, headers['if-none-match']);
    },
  };
}
