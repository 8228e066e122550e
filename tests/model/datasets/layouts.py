"""Writes tiny datasets in the official file layouts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand import SkinnedHand
from bridge.protocol.joints import FINGERTIPS, KEYPOINT_OF_JOINT, Side
from tests.model.datasets.drawn import (
    Camera,
    hands,
    mask_of,
    mean_pose,
    picture,
    random_hand,
    rig,
    save,
    save_json,
)

SUBJECTS = ("20200709-weiy", "20200820-amousavian")
SERIALS = (
    "836212060125",
    "839512060362",
    "840412060917",
    "841412060263",
    "932122060857",
    "932122060861",
    "932122061900",
    "932122062010",
)


def write_dexycb(
    root: Path,
    *,
    subjects: tuple[str, ...] = SUBJECTS,
    sequences: int = 5,
    frames: int = 2,
    cameras: int = 3,
    keypoint: int | None = None,
    unseen: tuple[int, int] | None = None,
    mano: Path | None = None,
    seed: int = 0,
) -> dict[tuple[str, int], tuple[np.ndarray, list[Camera]]]:
    """DexYCB; odd sequences have left hands.

    Args:
        root: Folder to write.
        subjects: Their folders.
        sequences: Of each subject.
        frames: Of each sequence; one more, at the end, has no hand.
        cameras: Up to 8.
        keypoint: Draw only this one.
        unseen: Frame and camera that are labelled as not seeing the hand.
        mano: Folder of MANO files to make the hands of; the open hand where None.
        seed: Of hands and cameras.

    Returns:
        By the sequence's folder and the frame, keypoints in world axes and the cameras.
    """
    rng = np.random.default_rng(seed)
    models = hands(mano, "manopth", fix_left_shapedirs=False)
    devices = rig(rng, cameras, (640, 480))
    calibration = root / "calibration"
    (calibration / "intrinsics").mkdir(parents=True)
    for serial, camera in zip(SERIALS, devices, strict=False):
        fx, fy, x, y = camera.intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
        (calibration / "intrinsics" / f"{serial}_640x480.yml").write_text(
            f"color:\n  fx: {fx}\n  fy: {fy}\n  ppx: {x}\n  ppy: {y}\ndepth:\n  fx: 600.0\n"
        )
    made = {}
    for subject in subjects:
        for s in range(sequences):
            name = f"{subject}/{subject[:8]}_{140000 + s}"
            side = ("right", "left")[s % 2]
            model = models[Side[side.upper()]]
            first = random_hand(rng, model)
            calib = f"{name.replace('/', '-')}-{side}"
            (calibration / f"mano_{calib}").mkdir()
            betas = "".join(f"- {beta}\n" for beta in first.betas)
            (calibration / f"mano_{calib}" / "mano.yml").write_text(f"betas:\n{betas}")
            (root / name).mkdir(parents=True)
            serials = "".join(f"- '{serial}'\n" for serial in SERIALS[:cameras])
            (root / name / "meta.yml").write_text(
                f"serials:\n{serials}num_frames: {frames + 1}\nextrinsics: '20200702_151821'\n"
                f"ycb_ids:\n- 1\nmano_sides:\n- {side}\nmano_calib:\n- {calib}\n"
            )
            poses = np.zeros((frames + 1, 1, 51), np.float32)
            for f in range(frames):
                posed = random_hand(rng, model, first.betas)
                world = posed.joints_m
                made[name, f] = (world, devices)
                pose = posed.local.ravel()
                if isinstance(model, SkinnedHand) and model.data.pca is not None:
                    pose = model.data.pca.coefficients(posed.local)
                poses[f, 0, 3:48] = pose
                for c, camera in enumerate(devices):
                    base = Rotation.from_matrix(camera.rotation) * Rotation.from_rotvec(posed.wrist)
                    pose = poses[f].copy()
                    pose[0, :3] = base.as_rotvec()
                    joints = camera.points(world)
                    rest = model.origin_m(first.betas) if isinstance(model, SkinnedHand) else 0
                    pose[0, 48:] = joints[0] - rest
                    if unseen == (f, c):
                        pose, joints = np.zeros_like(pose), np.full((21, 3), -1.0)
                    image = picture(camera, world, keypoint)
                    save(root / name / SERIALS[c] / f"color_{f:06d}.jpg", image)
                    np.savez_compressed(
                        root / name / SERIALS[c] / f"labels_{f:06d}.npz",
                        seg=np.where(mask_of(image), 255, 3).astype(np.uint8),
                        pose_y=np.zeros((1, 3, 4), np.float32),
                        pose_m=pose,
                        joint_3d=joints[None].astype(np.float32),
                        joint_2d=camera.pixels(world)[None].astype(np.float32),
                    )
            np.savez(root / name / "pose.npz", pose_y=np.zeros((frames + 1, 1, 7)), pose_m=poses)
    return made


def write_hanco(
    root: Path,
    *,
    sequences: tuple[int, ...] = (0, 1200),
    frames: int = 2,
    keypoint: int | None = None,
    mano: Path | None = None,
    variants: tuple[str, ...] = (),
    seed: int = 1,
) -> list[Camera]:
    """HanCo with 1202 sequences in its list, these on disk; the last frame has no fit."""
    rng = np.random.default_rng(seed)
    model = hands(mano)[Side.RIGHT]
    devices = rig(rng, 8, (224, 224))
    total = max(sequences) + 1
    kept = [s in sequences for s in range(total)]
    flags = [[True] * frames + [False] if there else [True] for there in kept]
    screened = [[s < 1200] * len(f) for s, f in enumerate(flags)]
    meta = {"is_train": screened, "has_fit": flags, "is_valid": flags}
    meta |= {"subject_id": [[0] * len(f) for f in flags], "object_id": [[None] for _ in flags]}
    save_json(root / "meta.json", meta)
    matrices = [np.eye(4) for _ in devices]
    for matrix, camera in zip(matrices, devices, strict=True):
        matrix[:3, :3], matrix[:3, 3] = camera.rotation, camera.shift_m
    for s in sequences:
        for f in range(frames):
            posed = random_hand(rng, model)
            place = f"{s:04d}/{f:08d}.json"
            save_json(root / "xyz" / place, posed.joints_m.tolist())
            calib = {
                "K": [camera.intrinsics.tolist() for camera in devices],
                "M": [matrix.tolist() for matrix in matrices],
            }
            save_json(root / "calib" / place, calib)
            mean = mean_pose(model)
            shape = {
                "poses": [[*posed.wrist, *(posed.local.ravel() - mean)]],
                "shapes": [posed.betas.tolist()],
                "global_t": [[posed.origin_m.tolist()]],
            }
            save_json(root / "shape" / place, shape)
            for c, camera in enumerate(devices):
                image = picture(camera, posed.joints_m, keypoint)
                for folder in ("rgb", *variants):
                    save(root / folder / f"{s:04d}" / f"cam{c}" / f"{f:08d}.jpg", image)
                mask = np.where(mask_of(image), 255, 0).astype(np.uint8)
                save(root / "mask_hand" / f"{s:04d}" / f"cam{c}" / f"{f:08d}.jpg", mask)
    return devices


def write_freihand(
    root: Path,
    *,
    count: int = 3,
    keypoint: int | None = None,
    mano: Path | None = None,
    seed: int = 2,
) -> None:
    """FreiHAND, both sets; training pictures of each background are a little darker."""
    rng = np.random.default_rng(seed)
    model = hands(mano)[Side.RIGHT]
    for folder, kinds in (("training", 4), ("evaluation", 1)):
        labels: dict[str, list[Any]] = {"K": [], "xyz": [], "mano": [], "verts": []}
        for number in range(count):
            camera = rig(rng, 3, (224, 224))[number % 3]
            posed = random_hand(rng, model)
            joints = camera.points(posed.joints_m)
            turned = Rotation.from_matrix(camera.rotation) * Rotation.from_rotvec(posed.wrist)
            quats = np.concatenate([[turned.as_rotvec()], posed.local])
            quats = Rotation.from_rotvec(quats).as_quat()
            vertices = model.vertices(posed.betas, quats, joints[0])
            pose = [*turned.as_rotvec(), *(posed.local.ravel() - mean_pose(model))]
            labels["K"].append(camera.intrinsics.tolist())
            labels["xyz"].append(joints.tolist())
            labels["mano"].append([[*pose, *posed.betas, 112.0, 112.0, 500.0]])
            labels["verts"].append(vertices.tolist())
            image = picture(camera, posed.joints_m, keypoint)
            for kind in range(kinds):
                shade = np.clip(image.astype(int) - 10 * kind, 0, 255).astype(np.uint8)
                save(root / folder / "rgb" / f"{number + kind * count:08d}.jpg", shade)
            if folder == "training":
                mask = np.where(mask_of(image), 255, 0).astype(np.uint8)
                save(root / folder / "mask" / f"{number:08d}.jpg", mask)
        names = ("K", "xyz", "mano") if folder == "training" else ("K", "xyz", "verts")
        for name in names:
            save_json(root / f"{folder}_{name}.json", labels[name])


FLIP = np.diag([1.0, -1.0, -1.0])
HO3D_ORDER = [*KEYPOINT_OF_JOINT, *FINGERTIPS]


def write_ho3d(
    root: Path,
    *,
    count: int = 3,
    version: int = 3,
    protocol: int = 2,
    keypoint: int | None = None,
    mano: Path | None = None,
    seed: int = 3,
) -> None:
    """HO-3D, both sets; labels are pickles of the protocol."""
    rng = np.random.default_rng(seed)
    model = hands(mano)[Side.RIGHT]
    suffix = ".jpg" if version == 3 else ".png"
    for folder, sequence in (("train", "ABF10"), ("evaluation", "SM1")):
        joints, vertices = [], []
        for number in range(count):
            camera = rig(rng, 3, (640, 480))[number % 3]
            posed = random_hand(rng, model)
            there = camera.points(posed.joints_m) @ FLIP
            base = FLIP @ camera.rotation @ Rotation.from_rotvec(posed.wrist).as_matrix()
            wrist = Rotation.from_matrix(base).as_rotvec()
            quats = Rotation.from_rotvec([wrist, *posed.local]).as_quat()
            vertices.append(model.vertices(posed.betas, quats, there[0]).tolist())
            joints.append(there[HO3D_ORDER].tolist())
            rest = model.origin_m(posed.betas) if isinstance(model, SkinnedHand) else 0
            meta: dict[str, Any] = {
                "camMat": camera.intrinsics,
                "objName": "021_bleach_cleanser",
                "objLabel": 12,
                "objRot": None,
            }
            if folder == "train":
                meta |= {
                    "handJoints3D": there[HO3D_ORDER],
                    "handPose": np.concatenate([wrist, posed.local.ravel()]),
                    "handBeta": posed.betas,
                    "handTrans": there[0] - rest,
                    "objTrans": np.float64(0.5),
                }
            else:
                meta |= {"handJoints3D": there[0], "handBoundingBox": [1, 2, 3, 4]}
            path = root / folder / sequence / "meta" / f"{number:04d}.pkl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(meta, protocol=protocol))
            image = picture(camera, posed.joints_m, keypoint)
            save(root / folder / sequence / "rgb" / f"{number:04d}{suffix}", image)
        lines = "".join(f"{sequence}/{number:04d}\n" for number in range(count))
        (root / f"{folder}.txt").write_text(lines)
        if folder == "evaluation":
            save_json(root / "evaluation_xyz.json", joints)
            save_json(root / "evaluation_verts.json", vertices)


INTERHAND_ORDER = [k for base in (1, 5, 9, 13, 17) for k in range(base + 3, base - 1, -1)] + [0]


def write_interhand(
    root: Path,
    *,
    split: str = "train",
    frames: int = 3,
    cameras: int = 4,
    keypoint: int | None = None,
    mano: Path | None = None,
    seed: int = 4,
) -> dict[int, dict[Side, np.ndarray]]:
    """InterHand2.6M: frames of a right, a left and both hands, in turn.

    Returns:
        By frame and side, keypoints in world axes, metres.
    """
    rng = np.random.default_rng(seed)
    models = hands(mano, fix_left_shapedirs=True)
    devices = rig(rng, cameras, (334, 512))
    names = [f"40000{c}" for c in range(cameras)]
    camera_file: dict[str, Any] = {"campos": {}, "camrot": {}, "focal": {}, "princpt": {}}
    for name, camera in zip(names, devices, strict=True):
        camera_file["campos"][name] = (-1000 * camera.rotation.T @ camera.shift_m).tolist()
        camera_file["camrot"][name] = camera.rotation.tolist()
        camera_file["focal"][name] = camera.intrinsics[[0, 1], [0, 1]].tolist()
        camera_file["princpt"][name] = camera.intrinsics[:2, 2].tolist()
    images, annotations, joint_file, fits, made = [], [], {}, {}, {}
    for f in range(frames):
        kind = ("right", "left", "interacting")[f % 3]
        sides = [Side.RIGHT, Side.LEFT] if kind == "interacting" else [Side[kind.upper()]]
        posed = {side: random_hand(rng, models[side]) for side in sides}
        shift = {Side.RIGHT: np.array([0.06, 0, 0]), Side.LEFT: np.array([-0.06, 0, 0])}
        world, valid = np.zeros((42, 3)), np.zeros((42, 1), int)
        made[f] = {side: hand.joints_m + shift[side] for side, hand in posed.items()}
        fits[str(f)] = {"right": None, "left": None}
        for side, joints in made[f].items():
            half = slice(0, 21) if side is Side.RIGHT else slice(21, 42)
            world[half], valid[half] = joints[INTERHAND_ORDER] * 1000, 1
            hand = posed[side]
            fits[str(f)][side.name.lower()] = {
                "pose": [*hand.wrist, *(hand.local.ravel() - mean_pose(models[side]))],
                "shape": hand.betas.tolist(),
                "trans": (hand.origin_m + shift[side]).tolist(),
            }
        joint_file[str(f)] = {
            "world_coord": world.tolist(),
            "joint_valid": valid.tolist(),
            "hand_type": kind,
        }
        for c, camera in enumerate(devices):
            file = f"Capture0/ROM01/cam{names[c]}/image{f}.jpg"
            image = np.maximum.reduce([picture(camera, j, keypoint) for j in made[f].values()])
            save(root / "images" / split / file, image)
            place = {"id": len(images), "file_name": file, "camera": names[c], "capture": 0}
            images.append(place | {"frame_idx": f, "width": 334, "height": 512})
            label = {"id": len(annotations), "image_id": place["id"], "hand_type": kind}
            annotations.append(label | {"joint_valid": valid.ravel().tolist()})
    stem = root / "annotations" / split / f"InterHand2.6M_{split}"
    save_json(Path(f"{stem}_data.json"), {"images": images, "annotations": annotations})
    save_json(Path(f"{stem}_camera.json"), {"0": camera_file})
    save_json(Path(f"{stem}_joint_3d.json"), {"0": joint_file})
    save_json(Path(f"{stem}_MANO_NeuralAnnot.json"), {"0": fits})
    return made


WRITERS = {
    "dexycb": write_dexycb,
    "hanco": write_hanco,
    "freihand": write_freihand,
    "ho3d": write_ho3d,
    "interhand26m": write_interhand,
}
