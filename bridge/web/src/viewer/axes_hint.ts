import { type Camera, Vector3 } from "three";

const SVG = "http://www.w3.org/2000/svg";
const AXES = ["x", "y", "z"] as const;
const LENGTH = 24;
const CENTRE = 36;

/** A small drawing of which way the stage's axes point, as one looks at it now. */
export class AxesHint {
  readonly #axes: { line: SVGLineElement; label: SVGTextElement; along: Vector3 }[];

  constructor(svg: SVGElement) {
    svg.setAttribute("viewBox", `0 0 ${2 * CENTRE} ${2 * CENTRE}`);
    this.#axes = AXES.map((name, i) => {
      const line = document.createElementNS(SVG, "line");
      line.setAttribute("class", name);
      line.setAttribute("x1", `${CENTRE}`);
      line.setAttribute("y1", `${CENTRE}`);
      const label = document.createElementNS(SVG, "text");
      label.textContent = name;
      svg.append(line, label);
      return { line, label, along: new Vector3().setComponent(i, 1) };
    });
  }

  update(camera: Camera): void {
    const turn = camera.quaternion.clone().invert();
    for (const { line, label, along } of this.#axes) {
      const { x, y } = along.clone().applyQuaternion(turn);
      line.setAttribute("x2", (CENTRE + x * LENGTH).toFixed(1));
      line.setAttribute("y2", (CENTRE - y * LENGTH).toFixed(1));
      label.setAttribute("x", (CENTRE + x * (LENGTH + 8)).toFixed(1));
      label.setAttribute("y", (CENTRE - y * (LENGTH + 8)).toFixed(1));
    }
  }
}
