import {
  CylinderGeometry,
  Group,
  InstancedMesh,
  type Material,
  Matrix4,
  Quaternion,
  SphereGeometry,
  Vector3,
} from "three";

const UP = new Vector3(0, 1, 0);

/** A hand as balls at its joints and sticks between them. */
export class StickHand {
  readonly object = new Group();
  readonly #balls: InstancedMesh;
  readonly #sticks: InstancedMesh;
  readonly #matrix = new Matrix4();
  readonly #turn = new Quaternion();
  readonly #scale = new Vector3();
  readonly #from = new Vector3();
  readonly #to = new Vector3();

  /**
   * @param radiiM of each joint's ball, metres; 0 draws none.
   * @param bones pairs of joints.
   */
  constructor(
    material: Material,
    private readonly radiiM: readonly number[],
    private readonly bones: readonly (readonly [number, number])[],
    private readonly boneRadiusM: number,
  ) {
    this.#balls = new InstancedMesh(new SphereGeometry(1, 12, 8), material, radiiM.length);
    this.#sticks = new InstancedMesh(
      new CylinderGeometry(1, 1, 1, 8, 1, true),
      material,
      bones.length,
    );
    for (const mesh of [this.#sticks, this.#balls]) {
      mesh.frustumCulled = false;
      mesh.renderOrder = 3;
      this.object.add(mesh);
    }
  }

  /** Puts it on joints `(n * 3)`, metres. */
  setJoints(jointsM: ArrayLike<number>): void {
    for (let joint = 0; joint < this.radiiM.length; joint++) {
      this.#to.fromArray(jointsM as number[], joint * 3);
      this.#scale.setScalar(this.radiiM[joint]!);
      this.#matrix.compose(this.#to, this.#turn.identity(), this.#scale);
      this.#balls.setMatrixAt(joint, this.#matrix);
    }
    for (let bone = 0; bone < this.bones.length; bone++) {
      const [from, to] = this.bones[bone]!;
      this.#from.fromArray(jointsM as number[], from * 3);
      this.#to.fromArray(jointsM as number[], to * 3).sub(this.#from);
      const lengthM = this.#to.length();
      this.#from.addScaledVector(this.#to, 0.5);
      this.#turn.setFromUnitVectors(UP, this.#to.divideScalar(lengthM || 1));
      this.#scale.set(this.boneRadiusM, lengthM, this.boneRadiusM);
      this.#matrix.compose(this.#from, this.#turn, this.#scale);
      this.#sticks.setMatrixAt(bone, this.#matrix);
    }
    this.#balls.instanceMatrix.needsUpdate = true;
    this.#sticks.instanceMatrix.needsUpdate = true;
  }
}
