"""One view of a rectangle: where its camera may stand, and with which lens.

The homography of the plane gives the focal length in closed form (Sturm and Maybank, "On
plane-based camera calibration", CVPR 1999; Zhang, "A flexible new technique for camera
calibration", PAMI 22, 2000), and with it two poses (Collins and Bartoli, "Infinitesimal plane-based
pose estimation", IJCV 109, 2014). Both are refined, from several focal lengths: there are few
minima, but there may be more than one.
"""

from __future__ import annotations

import cv2
import numpy as np

from bridge.model.anchor.geometry import angle_between
from bridge.model.anchor.instruments import Instrument
from bridge.model.anchor.refine import Fit, Lenses, refine
from bridge.model.anchor.taps import Taps
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import Cameras

__all__ = ["candidates", "closed_form_focal", "homography", "planar_poses"]

_FOCAL_STARTS = (0.6, 1.0, 1.6)
_FOCAL_RANGE = (0.2, 5.0)
_SAME_TURN_RAD = np.radians(2.0)

# Instrument axes to the plane's: x right, y away from the player, z up.
_TO_PLANE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def homography(plane: FloatArray, image: FloatArray) -> FloatArray:
    """The ``(3, 3)`` map of four points ``(4, 2)`` of a plane to four of an image, exactly.

    No three of either may lie on a line.
    """
    rows = np.zeros((8, 9))
    ones = np.concatenate([plane, np.ones((4, 1))], axis=1)
    rows[:4, 0:3] = rows[4:, 3:6] = ones
    rows[:4, 6:9] = -image[:, :1] * ones
    rows[4:, 6:9] = -image[:, 1:] * ones
    matrix: FloatArray = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    return matrix


def closed_form_focal(matrix: FloatArray) -> float | None:
    """Focal length from a metric plane's homography, the principal point being the origin.

    The first two columns, seen through the lens, are orthogonal and equally long: two equations
    that are linear in 1 / f^2 (Zhang 2000, eq. 3 and 4), solved by least squares.

    Args:
        matrix: ``(3, 3)``, from metres on the plane to the image.

    Returns:
        The focal length in the image's units; None where the view does not determine it, as when
        the plane is parallel to the image.
    """
    h, g = matrix[:, 0], matrix[:, 1]
    factor = np.array([h[:2] @ g[:2], h[:2] @ h[:2] - g[:2] @ g[:2]])
    constant = np.array([h[2] * g[2], h[2] ** 2 - g[2] ** 2])
    # Of the whole: the columns of a plane parallel to the image are alike but for rounding.
    if np.abs(constant).max() < 1e-9 * (matrix * matrix).max() or not factor.any():
        return None
    inverse_square = -(factor @ constant) / (factor @ factor)
    return float(inverse_square**-0.5) if inverse_square > 0 else None


def planar_poses(instrument: Instrument, image: FloatArray, focal: float) -> list[Cameras]:
    """Both cameras of this focal length that may see the corners at ``image`` ``(4, 2)``."""
    plane = instrument.corners_m @ _TO_PLANE.T
    _, turns, offsets, _ = cv2.solvePnPGeneric(
        plane, image / focal, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE
    )
    return [
        Cameras(
            (cv2.Rodrigues(turn)[0] @ _TO_PLANE)[None],
            np.reshape(offset, (1, 3)).astype(float),
            np.array([focal]),
        )
        for turn, offset in zip(turns, offsets, strict=True)
        if np.isfinite(turn).all() and np.isfinite(offset).all()
    ]


def candidates(instrument: Instrument, taps: Taps, *, tap_px: float) -> list[Fit]:
    """Cameras that explain one view's taps, the likeliest first; a second one is its mirror pose.

    Args:
        instrument: What was tapped.
        taps: Corners that ``check_taps`` accepted.
        tap_px: Standard deviation of a tap.

    Returns:
        No, one or several distinct minima.
    """
    lenses = Lenses.of([taps])
    plane = (instrument.corners_m @ _TO_PLANE.T)[:, :2]
    found = closed_form_focal(homography(plane, taps.image))
    starts = [taps.focal] if taps.focal is not None else [FOCAL_PRIOR * s for s in _FOCAL_STARTS]
    if taps.focal is None and found is not None:
        starts.insert(0, float(np.clip(found, *_FOCAL_RANGE)))
    fits: list[Fit] = []
    for focal in starts:
        for cameras in planar_poses(instrument, taps.image, focal):
            fit = refine(instrument, [taps], cameras, lenses, tap_px=tap_px)
            if fit.possible:
                fits.append(fit)
    fits.sort(key=lambda fit: fit.chi2)
    distinct: list[Fit] = []
    for fit in fits:
        turn = fit.cameras.rotation[0]
        if all(
            angle_between(turn, other.cameras.rotation[0]) > _SAME_TURN_RAD for other in distinct
        ):
            distinct.append(fit)
    return distinct
