/** What is needed once a case is opened: a chunk of its own, so that the list comes first. */
export { Lightbox } from './lightbox.ts';
export { renderDetail } from './scan-detail.ts';
export { detailStyles } from './scan-detail.styles.ts';
