import type { CSSResult } from 'lit';

/** Styles of a part that came after its element was drawn. */
export function adoptLate(root: ParentNode, { styleSheet }: CSSResult): void {
  if (root instanceof ShadowRoot && styleSheet) root.adoptedStyleSheets.push(styleSheet);
}
