import {
  CircleGeometry,
  Color,
  Fog,
  GridHelper,
  Group,
  Mesh,
  MeshBasicMaterial,
  Scene,
} from "three";

const SKY = "#1a2230";
const FLOOR = "#222d3d";
const LINES = "#3a4c66";
/** From here to there the floor fades into the sky. */
const FADES_M = [2.5, 9] as const;

/** A quiet room for headsets that do not show the real one: a floor, and nothing to trip over. */
export function furnish(scene: Scene): void {
  scene.background = new Color(SKY);
  scene.fog = new Fog(SKY, FADES_M[0], FADES_M[1]);
  const room = new Group();
  const floor = new Mesh(
    new CircleGeometry(FADES_M[1], 48),
    // Behind its lines, however flat one looks at it.
    new MeshBasicMaterial({
      color: FLOOR,
      polygonOffset: true,
      polygonOffsetFactor: 2,
      polygonOffsetUnits: 8,
    }),
  );
  floor.rotateX(-Math.PI / 2);
  const grid = new GridHelper(2 * FADES_M[1], 36, LINES, LINES);
  grid.position.y = 0.001;
  room.add(floor, grid);
  room.traverse((object) => (object.renderOrder = -2));
  scene.add(room);
}
