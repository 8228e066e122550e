import {
  DirectionalLight,
  HemisphereLight,
  PerspectiveCamera,
  Scene,
  Spherical,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

import { Floor } from "./floor.js";
import { type Framing, frame } from "./framing.js";
import type { StageLook } from "./look.js";

const FOV_DEG = 35;
/** What is framed before any hand was seen: a hand's breadth in front of the first camera. */
const BEFORE_HANDS = [-0.15, -0.06, -0.5, 0.15, 0.06, -0.5];
const TURN_STEP_RAD = Math.PI / 24;
const ZOOM_STEP = 1.12;
/** Time in which a glide goes 63 % of its way. */
const GLIDE_MS = 180;
const ARRIVED_M = 5e-4;
/** Part of the picture's half width and height within which hands count as in sight. */
const SIGHT = 0.97;

/** The stage as one sees it: renderer, light, floor, and a camera that orbits the hands. */
export class StageView {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.02, 20);
  /** False once the user moved the camera: then it is theirs until it is reset. */
  autoFraming = true;
  readonly #smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  #framing: Framing | null = null;
  readonly #renderer: WebGLRenderer;
  readonly #controls: OrbitControls;
  readonly #floor = new Floor();
  readonly #canvas: HTMLCanvasElement;

  /** @throws Error where the browser has no WebGL 2. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const fast = drawsInHardware();
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: fast, stencil: true });
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, fast ? 2 : 1));

    this.#controls = new OrbitControls(this.camera, canvas);
    this.#controls.enableDamping = this.#smooth;
    this.#controls.minDistance = 0.1;
    this.#controls.maxDistance = 4;
    this.#controls.addEventListener("start", () => this.#handOver());
    canvas.addEventListener("keydown", (event) => this.#onKey(event));

    const key = new DirectionalLight("#ffffff", 2.1);
    key.position.set(0.3, 1, 0.4);
    const fill = new DirectionalLight("#ffffff", 0.5);
    fill.position.set(-1, 0.4, 0.6);
    const sky = new HemisphereLight("#ffffff", "#8f98a8", 1.6);
    this.scene.add(this.#floor.object, key, fill, sky);

    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement!);
    this.#resize();
    this.frameOn(BEFORE_HANDS);
  }

  setLook(look: StageLook): void {
    this.#floor.setLook(look.floor, look.floorOpacity);
  }

  /** Frames these keypoints (n * 3, metres), at once or in a short glide, and lowers the floor. */
  frameOn(pointsM: ArrayLike<number>, { glide = false } = {}): void {
    this.#framing = frame(pointsM, (FOV_DEG * Math.PI) / 180, this.camera.aspect);
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

  /** Draws the stage, `elapsedMs` after the last time. */
  render(elapsedMs: number): void {
    if (this.#framing) this.#approach(1 - Math.exp(-elapsedMs / GLIDE_MS));
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
    this.#floor.object.position.lerp(new Vector3(target.x, floorY, target.z), part);
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

/** Whether WebGL runs on a GPU: in software, smooth edges take more than all the rest. */
function drawsInHardware(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return false;
  // Firefox tells by RENDERER, the others only by the extension.
  const named = context.getExtension("WEBGL_debug_renderer_info");
  const parameter = named ? named.UNMASKED_RENDERER_WEBGL : context.RENDERER;
  const renderer = String(context.getParameter(parameter));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}
