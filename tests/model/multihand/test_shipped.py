"""The weights that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.model.multihand.scoring import score_scenes, scored_pictures
from bridge.model.synthetic.rendered_writer import write_rendered_set
from bridge.model.training.weights import load_network, shipped_weights


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multihand") / "set"
    write_rendered_set(folder, samples=16, views=2, size=128, seed=77, steady=True)
    return folder


def test_they_are_about_as_good_as_their_card_says(rendered: Path) -> None:
    network, about = load_network(shipped_weights("multihand"))
    assert about["network"] == "multihand"
    assert network.config.trunk == "landmark_net"
    assert network.config.weights is None
    source = scored_pictures(rendered, network.config, about["run"]["data"]["options"])
    found = score_scenes(network, source, pictures=12)
    assert found.recall > 0.7
    assert found.precision > 0.4
    assert found.metrics["side"].mean > 0.6
    assert found.metrics["pa_mpjpe_mm"].mean < 22
