"""The software renderer against geometry worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.render import (
    FAR_M,
    Camera,
    Canvas,
    Light,
    SkinTone,
    from_linear,
    shade,
    skin_albedo,
    to_linear,
    vertex_normals,
)

RED, GREEN = [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]
TRIANGLE = np.array([[0, 1, 2]])


def draw_triangle(canvas: Canvas, points: list, depth: float | list, colour: list) -> None:
    depths = np.broadcast_to(np.asarray(depth, float), (3,))
    canvas.draw(np.array(points, float), depths, TRIANGLE, np.repeat(colour, 3, axis=0))


def identity_camera(**changes: object) -> Camera:
    settings: dict = {
        "size_px": (64, 48),
        "focal_px": 50.0,
        "centre_px": (31.5, 23.5),
        "rotation": np.eye(3),
        "translation_m": np.zeros(3),
    }
    return Camera(**(settings | changes))


def test_camera_axes_are_opencvs() -> None:
    pixels, depth = identity_camera().project([[0, 0, 2], [1, 0, 2], [0, 1, 2]])
    np.testing.assert_allclose(pixels, [[31.5, 23.5], [56.5, 23.5], [31.5, 48.5]])
    np.testing.assert_allclose(depth, 2.0)


def test_points_behind_the_camera_have_no_pixel() -> None:
    pixels, depth = identity_camera().project([[0.0, 0.0, -1.0]])
    assert np.isnan(pixels).all()
    assert depth[0] == -1.0


def test_look_at_puts_the_target_in_the_middle_and_up_upwards() -> None:
    camera = Camera.look_at([1.0, 2.0, 3.0], [0.0, 0.5, 0.0], size_px=(640, 480), focal_px=500.0)
    pixels, depth = camera.project([[0.0, 0.5, 0.0], [0.0, 0.6, 0.0]])
    np.testing.assert_allclose(pixels[0], [319.5, 239.5], atol=1e-9)
    assert depth[0] == pytest.approx(np.sqrt(1 + 2.25 + 9))
    assert pixels[1, 1] < pixels[0, 1]
    assert pixels[1, 0] == pytest.approx(319.5)
    np.testing.assert_allclose(camera.position_m, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.rotation) == pytest.approx(1.0)
    with pytest.raises(InputError, match="direction"):
        Camera.look_at([0, 1, 0], [0, 0, 0], size_px=(64, 48), focal_px=50.0)


def test_roll_turns_the_picture_clockwise() -> None:
    camera = Camera.look_at(
        [0, 0, 2], [0, 0, 0], size_px=(100, 100), focal_px=100.0, roll_rad=np.pi / 2
    )
    np.testing.assert_allclose(camera.project([[0.0, 0.5, 0.0]])[0], [[74.5, 49.5]], atol=1e-9)


def test_projection_is_that_of_opencv_with_distortion() -> None:
    camera = Camera.look_at(
        [0.3, -0.2, -1.0],
        [0.0, 0.1, 0.2],
        size_px=(640, 480),
        focal_px=520.0,
        centre_px=(300.0, 250.0),
        distortion=(-0.12, 0.03),
    )
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (50, 3))
    matrix = np.array([[520.0, 0, 300], [0, 520, 250], [0, 0, 1]])
    rotation, _ = cv2.Rodrigues(camera.rotation)
    expected, _ = cv2.projectPoints(
        points, rotation, camera.translation_m, matrix, np.array([-0.12, 0.03, 0, 0])
    )
    pixels, depth = camera.project(points)
    np.testing.assert_allclose(pixels, expected[:, 0], atol=1e-6)
    # And back: a point lies on the ray of its pixel.
    np.testing.assert_allclose(
        camera.position_m + camera.rays(pixels) * depth[:, None], points, atol=1e-6
    )


def test_distortion_never_folds_far_points_back_into_the_picture() -> None:
    camera = identity_camera(distortion=(0.1, -0.25))
    pixels, _ = camera.project([[x, 0.0, 1.0] for x in np.linspace(0.0, 20.0, 200)])
    assert (np.diff(pixels[:, 0]) > 0).all()


def test_wrong_cameras_are_refused() -> None:
    with pytest.raises(InputError, match="rotation"):
        identity_camera(rotation=np.eye(4))
    with pytest.raises(InputError, match="focal"):
        identity_camera(focal_px=0.0)
    with pytest.raises(InputError, match=r"\(\.\.\., 3\)"):
        identity_camera().project(np.zeros((5, 2)))


def test_a_triangle_covers_the_pixel_centres_inside_it() -> None:
    canvas = Canvas((16, 12), samples=1)
    draw_triangle(canvas, [(1.6, 1.6), (9.6, 1.6), (1.6, 7.6)], 1.0, RED)
    rows, columns = np.mgrid[:12, :16]
    inside = (columns > 1.6) & (rows > 1.6) & ((columns - 1.6) / 8 + (rows - 1.6) / 6 < 1)
    np.testing.assert_array_equal(canvas.colour[..., 0] > 0, inside)
    np.testing.assert_array_equal(canvas.depth_m < 0.9 * FAR_M, inside)


def test_a_projected_triangle_lands_where_the_camera_says() -> None:
    camera = identity_camera()
    corners = np.array([[-0.4, -0.2, 1.0], [0.4, -0.3, 1.5], [0.0, 0.5, 2.0]])
    pixels, depth = camera.project(corners)
    canvas = Canvas(camera.size_px, samples=4)
    canvas.draw(pixels, depth, TRIANGLE, np.ones((3, 3)))
    expected = np.zeros((48, 64), np.uint8)
    shift = 8
    fixed = np.round(pixels * 2**shift).astype(np.int32)
    cv2.fillPoly(expected, [fixed], 255, lineType=cv2.LINE_AA, shift=shift)
    # The two anti-aliasings differ on edges: compare areas, and wholly inside and outside pixels.
    covered = canvas.image()[..., 0]
    assert covered.sum() == pytest.approx(_area(pixels) * 255, rel=0.02)
    interior = cv2.erode(expected, np.ones((3, 3))) == 255
    exterior = cv2.dilate(expected, np.ones((3, 3))) == 0
    assert interior.any()
    assert (covered[interior] == 255).all()
    assert (covered[exterior] == 0).all()


def _area(p: np.ndarray) -> float:
    (ax, ay), (bx, by) = p[1] - p[0], p[2] - p[0]
    return abs(ax * by - ay * bx) / 2


def test_the_nearer_triangle_wins_in_either_order() -> None:
    near = ([(2, 2), (20, 2), (2, 20)], 1.0, GREEN)
    far = ([(1, 1), (30, 1), (1, 30)], 2.0, RED)
    pictures = []
    for order in ((near, far), (far, near)):
        canvas = Canvas((32, 32), samples=1)
        for triangle in order:
            draw_triangle(canvas, *triangle)
        pictures.append(canvas.image())
        np.testing.assert_array_equal(canvas.image()[5, 5], [0, 255, 0])
        assert canvas.depth_m[5, 5] == pytest.approx(1.0, rel=1e-4)
    np.testing.assert_array_equal(*pictures)


def test_crossing_triangles_hide_each_other_where_they_cross() -> None:
    canvas = Canvas((40, 40), samples=1)
    draw_triangle(canvas, [(-40, 0), (40, 0), (-40, 80)], [1.0, 3.0, 1.0], RED)
    draw_triangle(canvas, [(0, 0), (80, 0), (80, 80)], [3.0, 1.0, 1.0], GREEN)
    assert canvas.colour[5, 8, 0] == 1.0
    assert canvas.colour[5, 38, 1] == 1.0


def test_colours_are_interpolated_with_perspective() -> None:
    canvas = Canvas((33, 33), samples=1)
    points = np.array([[0.0, 0], [32, 0], [0, 32]])
    canvas.draw(points, [1.0, 3.0, 1.0], TRIANGLE, [[0.0, 0, 0], [1, 1, 1], [0, 0, 0]])
    # Half way in the image, (1/2 / 3) / (1/2 / 1 + 1/2 / 3) = 1/4 of the way in space.
    assert canvas.colour[0, 16, 0] == pytest.approx(0.25, abs=0.01)
    assert canvas.depth_m[0, 16] == pytest.approx(1.5, rel=0.01)


def test_samples_smooth_edges() -> None:
    canvas = Canvas((8, 8), samples=4)
    draw_triangle(canvas, [(3.25 - 0.5, -20), (3.25 - 0.5, 40), (60, 10)], 1.0, [[1.0, 1.0, 1.0]])
    # The edge cuts column 3's pixel (2.5 to 3.5) at a quarter.
    np.testing.assert_array_equal(canvas.image()[4, :5, 0], [0, 0, 0, 191, 255])


def test_a_crop_draws_what_the_whole_canvas_has_there() -> None:
    whole = Canvas((40, 30), samples=2)
    part = whole.crop(10, 5, 20, 15)
    for canvas in (whole, part):
        draw_triangle(canvas, [(4.3, 2.2), (33.1, 9.4), (12.0, 27.7)], [1.0, 1.4, 2.0], GREEN)
    # Equal up to rounding: a sample on an edge may fall either way.
    difference = np.abs(part.image().astype(int) - whole.image()[5:20, 10:30])
    assert difference.max() <= 1
    assert part.image().any()
    assert part.origin_px == (10, 5)
    with pytest.raises(InputError, match="crop"):
        whole.crop(30, 5, 20, 15)


def test_triangles_at_the_lens_or_without_a_place_are_not_drawn() -> None:
    canvas = Canvas((16, 16))
    draw_triangle(canvas, [(0, 0), (20, 0), (0, 20)], [1.0, 0.001, 1.0], RED)
    draw_triangle(canvas, [(0, 0), (np.nan, 0), (0, 20)], 1.0, RED)
    assert not canvas.image().any()


def test_culling_leaves_out_what_is_seen_from_behind() -> None:
    corners = np.array([(2.0, 2.0), (2.0, 12.0), (12.0, 2.0)])
    for faces, seen in ((TRIANGLE, True), (TRIANGLE[:, ::-1], False)):
        canvas = Canvas((16, 16))
        canvas.draw(corners, np.ones(3), faces, np.ones((3, 3)), cull=True)
        assert canvas.image().any() == seen


@pytest.mark.parametrize(
    ("points", "depth", "faces", "colours", "message"),
    [
        (np.zeros((3, 3)), np.ones(3), TRIANGLE, np.ones((3, 3)), r"\(V, 2\)"),
        (np.zeros((3, 2)), np.ones(2), TRIANGLE, np.ones((3, 3)), r"\(V, 2\)"),
        (np.zeros((3, 2)), np.ones(3), TRIANGLE, np.ones((3, 4)), r"\(V, 3\)"),
        (np.zeros((3, 2)), np.ones(3), [[0, 1, 2, 0]], np.ones((3, 3)), r"\(F, 3\)"),
        (np.zeros((3, 2)), np.ones(3), [[0.0, 1.0, 2.0]], np.ones((3, 3)), "indices"),
        (np.zeros((3, 2)), np.ones(3), [[0, 1, 3]], np.ones((3, 3)), "vertex 3 of 3"),
    ],
)
def test_meshes_that_do_not_fit_are_refused(points, depth, faces, colours, message) -> None:
    with pytest.raises(InputError, match=message):
        Canvas((8, 8)).draw(points, depth, faces, colours)


def test_a_canvas_has_a_size() -> None:
    with pytest.raises(InputError, match="canvas"):
        Canvas((0, 8))


def test_srgb_both_ways() -> None:
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(from_linear(to_linear(values)), values, atol=1e-9)
    assert to_linear(0.5) == pytest.approx(0.21404, abs=1e-5)


def test_normals_of_a_tetrahedron_point_outwards() -> None:
    v = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    f = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
    np.testing.assert_allclose(vertex_normals(v, f), v / np.sqrt(3), atol=1e-12)
    with pytest.raises(InputError, match="faces"):
        vertex_normals(v, f[:, :2])


def test_shading_follows_lamberts_law() -> None:
    light = Light(direction=(0, 1, 0), lamp=(0.5,) * 3, sky=(0, 0, 0), ground=(0, 0, 0))
    tilted = [0.0, np.cos(np.pi / 3), np.sin(np.pi / 3)]
    normals = np.array([[0.0, 1, 0], tilted, [0.0, -1, 0]])
    lit = to_linear(shade(np.ones((3, 3)), normals, np.ones((3, 3)), light))
    np.testing.assert_allclose(lit[:, 0], [0.5, 0.25, 0.0], atol=1e-9)
    wrapped = to_linear(shade(np.ones((3, 3)), normals, np.ones((3, 3)), light, wrap=0.5))
    assert wrapped[1, 0] > 0.25 * 0.5
    assert wrapped[2, 0] == 0.0


def test_highlights_are_brightest_along_the_mirror_direction() -> None:
    light = Light(direction=(1, 1, 0), sky=(0, 0, 0), ground=(0, 0, 0))
    up = np.array([[0.0, 1, 0]])
    mirror = shade(0 * up, up, [[-1.0, 1, 0]], light, gloss=0.5)
    aside = shade(0 * up, up, [[0.0, 1, 1]], light, gloss=0.5)
    assert mirror.min() > aside.max()


def test_skin_is_reproducible_and_light_skin_lighter_than_dark() -> None:
    rng = np.random.default_rng(5)
    vertices = rng.uniform(-0.1, 0.1, (60, 3))
    keypoints = rng.uniform(-0.1, 0.1, (21, 3))
    faces = rng.integers(0, 60, (100, 3))

    def skin(tone: SkinTone, seed: int) -> np.ndarray:
        generator = np.random.default_rng(seed)
        return skin_albedo(vertices, keypoints, faces, tone=tone, rng=generator)

    first = skin(SkinTone.LIGHT, 1)
    np.testing.assert_array_equal(first, skin(SkinTone.LIGHT, 1))
    assert not np.array_equal(first, skin(SkinTone.LIGHT, 2))
    assert (first.mean(0) > skin(SkinTone.DARK, 1).mean(0)).all()
    assert (first[:, 0] > first[:, 2]).all(), "skin is redder than blue"
    with pytest.raises(InputError, match="keypoints"):
        skin_albedo(vertices, keypoints[:20], faces, rng=rng)
