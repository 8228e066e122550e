import {
  DirectionalLight,
  HemisphereLight,
  PCFSoftShadowMap,
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
/** Half the width of the space that throws shadows. */
const SHADOW_REACH_M = 0.35;

/** The stage as one sees it: renderer, light, floor, and a camera that orbits the hands. */
export class StageView {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.02, 20);
  /** False once the user moved the camera: then it is theirs until it is reset. */
  autoFraming = true;
  readonly #renderer: WebGLRenderer;
  readonly #controls: OrbitControls;
  readonly #floor = new Floor();
  readonly #key = new DirectionalLight("#ffffff", 2.1);
  readonly #canvas: HTMLCanvasElement;

  /** @throws Error where the browser has no WebGL 2. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: true });
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.shadowMap.type = PCFSoftShadowMap;

    this.#controls = new OrbitControls(this.camera, canvas);
    this.#controls.enableDamping = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#controls.minDistance = 0.1;
    this.#controls.maxDistance = 4;
    this.#controls.addEventListener("start", () => (this.autoFraming = false));
    canvas.addEventListener("keydown", (event) => this.#onKey(event));

    this.#key.castShadow = true;
    this.#key.shadow.mapSize.setScalar(512);
    this.#key.shadow.radius = 6;
    const fill = new DirectionalLight("#ffffff", 0.5);
    fill.position.set(-1, 0.4, 0.6);
    this.scene.add(this.#floor.object, this.#key, this.#key.target, fill);
    this.scene.add(new HemisphereLight("#ffffff", "#8f98a8", 1.6));

    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement!);
    this.#resize();
    this.frameOn(BEFORE_HANDS);
  }

  setLook(look: StageLook): void {
    this.#floor.setLook(look.floor, look.floorOpacity, look.shadowOpacity);
  }

  /** Frames these keypoints (n * 3, metres) and puts the floor below them. */
  frameOn(pointsM: ArrayLike<number>): void {
    const framing = frame(pointsM, (FOV_DEG * Math.PI) / 180, this.camera.aspect);
    this.camera.position.copy(framing.position);
    this.#controls.target.copy(framing.target);
    this.#controls.update();
    this.#placeFloor(framing);
  }

  render(): void {
    this.#controls.update();
    this.#renderer.render(this.scene, this.camera);
  }

  #placeFloor({ target, floorY }: Framing): void {
    this.#floor.object.position.set(target.x, floorY, target.z);
    this.#key.target.position.copy(target);
    this.#key.position.copy(target).add(new Vector3(0.25, 0.9, 0.3));
    const { camera } = this.#key.shadow;
    camera.left = camera.bottom = -SHADOW_REACH_M;
    camera.right = camera.top = SHADOW_REACH_M;
    camera.near = 0.1;
    camera.far = 2.5;
    camera.updateProjectionMatrix();
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
    this.autoFraming = false;
    this.camera.position.copy(this.#controls.target).add(arm);
  }
}
