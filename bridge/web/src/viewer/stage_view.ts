import {
  PerspectiveCamera,
  Scene,
  Spherical,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

import { Floor } from "./floor.js";
import { type Framing, type Preset, frame } from "./framing.js";
import { drawsInHardware } from "../ui/graphics.js";
import type { StageLook } from "./look.js";

const FOV_DEG = 35;
/** What is framed before any hand was seen: a hand's breadth in front of the first camera. */
const BEFORE_HANDS = [-0.15, -0.06, -0.5, 0.15, 0.06, -0.5];
const TURN_STEP_RAD = Math.PI / 24;
const ZOOM_STEP = 1.12;
/** Time in which a glide goes 63 % of its way. */
const GLIDE_MS = 180;
const ARRIVED_M = 5e-4;
/** Time in which a camera that follows goes 63 % of its way: it does not shake with every note. */
const FOLLOW_MS = 350;
/** Part of the picture's half width and height within which hands count as in sight. */
const SIGHT = 0.97;

/** The stage as one sees it: renderer, light, floor, and a camera that orbits the hands. */
export class StageView {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.02, 20);
  /** False once the user moved the camera: then it is theirs until it is reset. */
  autoFraming = true;
  /** Where the camera stands when hands are framed. */
  preset: Preset = "front";
  /** A GPU draws. */
  readonly fast: boolean;
  readonly #smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  #framing: Framing | null = null;
  #fixedFloorY: number | null = null;
  readonly #step = new Vector3();
  readonly #renderer: WebGLRenderer;
  readonly #controls: OrbitControls;
  readonly #floor = new Floor();
  readonly #canvas: HTMLCanvasElement;

  /** @throws Error where the browser has no WebGL 2. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const fast = drawsInHardware();
    this.fast = fast;
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: fast, stencil: true });
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, fast ? 2 : 1));

    this.#controls = new OrbitControls(this.camera, canvas);
    this.#controls.enableDamping = this.#smooth;
    this.#controls.minDistance = 0.1;
    this.#controls.maxDistance = 4;
    this.#controls.addEventListener("start", () => this.#handOver());
    canvas.addEventListener("keydown", (event) => this.#onKey(event));

    this.scene.add(this.#floor.object);

    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement!);
    this.#resize();
    this.frameOn(BEFORE_HANDS);
  }

  setLook(look: StageLook): void {
    this.#floor.setLook(look.floor, look.floorOpacity);
  }

  /** Frames these keypoints (n * 3, metres), at once or in a short glide, and lowers the floor. */
  frameOn(pointsM: ArrayLike<number>, { glide = false } = {}): void {
    this.#framing = frame(pointsM, (FOV_DEG * Math.PI) / 180, this.camera.aspect, this.preset);
    if (!glide || !this.#smooth) this.#approach(1);
  }

  /** Whether all these keypoints (n * 3, metres) are in the picture. */
  inSight(pointsM: ArrayLike<number>): boolean {
    for (let i = 0; i < pointsM.length; i += 3) {
      const { x, y } = new Vector3().fromArray(pointsM, i).project(this.camera);
      if (Math.max(Math.abs(x), Math.abs(y)) > SIGHT) return false;
    }
    return true;
  }

  /** Moves camera and target on so that these points' middle stays where it is in the picture. */
  followTo(middle: Vector3, elapsedMs: number): void {
    const part = 1 - Math.exp(-elapsedMs / FOLLOW_MS);
    const step = this.#step.subVectors(middle, this.#controls.target).multiplyScalar(part);
    this.#controls.target.add(step);
    this.camera.position.add(step);
  }

  /** Puts the floor at a height of its own, metres; null lets it lie below the hands. */
  setFloorY(floorY: number | null): void {
    this.#fixedFloorY = floorY;
  }

  /** What was drawn for the last picture: calls and triangles. */
  get drawn(): { calls: number; triangles: number } {
    const { calls, triangles } = this.#renderer.info.render;
    return { calls, triangles };
  }

  /** Draws the stage, `elapsedMs` after the last time. */
  render(elapsedMs: number): void {
    if (this.#framing) this.#approach(1 - Math.exp(-elapsedMs / GLIDE_MS));
    else if (this.#fixedFloorY !== null) this.#floor.object.position.y = this.#fixedFloorY;
    this.#controls.update();
    this.#renderer.render(this.scene, this.camera);
  }

  /** Height of the floor, metres. */
  get floorY(): number {
    return this.#floor.object.position.y;
  }

  /** Moves a part of the way towards the framing that is wanted, and stays there at the end. */
  #approach(part: number): void {
    const { position, target, floorY } = this.#framing!;
    this.camera.position.lerp(position, part);
    this.#controls.target.lerp(target, part);
    const y = this.#fixedFloorY ?? floorY;
    this.#floor.object.position.lerp(new Vector3(target.x, y, target.z), part);
    if (this.camera.position.distanceTo(position) < ARRIVED_M) this.#framing = null;
    this.#controls.update();
  }

  /** The view is the user's now, until it is reset. */
  #handOver(): void {
    this.autoFraming = false;
    this.#framing = null;
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas.parentElement!;
    if (width === 0 || height === 0) return;
    this.#renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
  }

  #onKey(event: KeyboardEvent): void {
    const turn: Record<string, [number, number]> = {
      ArrowLeft: [-TURN_STEP_RAD, 0],
      ArrowRight: [TURN_STEP_RAD, 0],
      ArrowUp: [0, -TURN_STEP_RAD],
      ArrowDown: [0, TURN_STEP_RAD],
    };
    const zoom: Record<string, number> = { "+": 1 / ZOOM_STEP, "=": 1 / ZOOM_STEP, "-": ZOOM_STEP };
    const arm = this.camera.position.clone().sub(this.#controls.target);
    if (event.key in turn) {
      const [around, over] = turn[event.key]!;
      const spherical = new Spherical().setFromVector3(arm);
      spherical.theta += around;
      spherical.phi += over;
      arm.setFromSpherical(spherical.makeSafe());
    } else if (event.key in zoom) {
      arm.multiplyScalar(zoom[event.key]!);
    } else {
      return;
    }
    event.preventDefault();
    this.#handOver();
    this.camera.position.copy(this.#controls.target).add(arm);
  }
}
