/** Floats per vertex in `Mesh.vertices`. */
export const STRIDE = 14;
/** Where in a vertex: position 0–2, normal 3–5, then these. */
export const TISSUE = 6;
export const LIGHT = 7;
export const ENAMEL = 8;
export const GINGIVA = 11;

/**
 * One scanned arch in the patient's frame: x to the patient's left, y backwards, z up, millimetres.
 * TISSUE is above 0 on teeth and below on gums (mm), LIGHT is the share of open sky 0–1,
 * ENAMEL and GINGIVA are the colours (0–1) the place has as tooth or as gum.
 */
export interface Mesh {
  vertices: Float32Array;
  triangles: Uint32Array;
}
