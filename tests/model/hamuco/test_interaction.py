"""The graph features and both branches of the interaction."""

from __future__ import annotations

import pytest
import torch

from bridge.model.hamuco.graph_features import GraphFeatures
from bridge.model.hamuco.interaction import AdaptiveGCN, CrossViewAttention, Interaction
from bridge.protocol.joints import BONES
from tests.model.hamuco.tiny import close, tiny


def test_a_graph_convolution_mixes_a_joint_with_its_bones() -> None:
    gcn = AdaptiveGCN(2)
    with torch.no_grad():
        gcn.linear.weight.copy_(torch.eye(2))
        gcn.linear.bias.zero_()
    nodes = torch.zeros(21, 2)
    nodes[0] = torch.tensor([6.0, -6.0])
    mixed = gcn(nodes)
    # The wrist has five bones: itself and five neighbours share alike; ReLU cuts what is below 0.
    close(mixed[0], torch.tensor([1.0, 0.0]))
    neighbours = [child for parent, child in BONES if parent == 0]
    assert len(neighbours) == 5
    close(mixed[neighbours], torch.tensor([[2.0, 0.0]]).expand(5, 2))
    others = sorted(set(range(21)) - {0, *neighbours})
    assert not mixed[others].any()


def test_attention_weighs_by_likeness() -> None:
    """One head of one channel pair, worked out by hand for two tokens that are not zero."""
    attention = CrossViewAttention(2, 1)
    with torch.no_grad():
        attention.queries.weight.copy_(torch.eye(2).repeat(3, 1))
        attention.queries.bias.zero_()
        attention.out.weight.copy_(torch.eye(2))
        attention.out.bias.zero_()
        for parameter in attention.mlp.parameters():
            parameter.zero_()
    tokens = torch.zeros(1, 1, 21, 2)
    tokens[0, 0, 4] = torch.tensor([2.0, 0.0])
    found = attention(tokens, torch.ones(1, 1, dtype=torch.bool))
    own = torch.tensor(4.0 / 2**0.5).exp()  # token 4 looks at itself; at each other one: exp(0)
    close(found[0, 0, 4], torch.stack((2 * own / (own + 20), torch.tensor(0.0))))
    close(found[0, 0, 0], torch.tensor([2.0 / 21, 0.0]))


@pytest.mark.parametrize("branch", ["attention", "shared_features"])
def test_a_view_that_is_hidden_is_not_heard(branch: str) -> None:
    torch.manual_seed(1)
    other = {"attention": "shared_features", "shared_features": "attention"}[branch]
    config = tiny(layers=2, **{other: False})
    net = Interaction(config).eval()
    torch.nn.init.normal_(net.decoder[-1].weight)
    features = torch.randn(2, 3, 21, config.graph_channels)
    changed = features.clone()
    changed[:, 1] = torch.randn(2, 21, config.graph_channels)
    everyone = torch.ones(2, 3, dtype=torch.bool)
    hidden = torch.tensor([[True, False, True]]).expand(2, 3)
    with torch.no_grad():
        close(net(features, hidden)[:, ::2], net(changed, hidden)[:, ::2])
        heard = (net(features, everyone) - net(changed, everyone))[:, ::2].abs().amax()
    assert heard > 1e-4


def test_views_are_treated_alike() -> None:
    torch.manual_seed(2)
    config = tiny(layers=2)
    net = Interaction(config).eval()
    torch.nn.init.normal_(net.decoder[-1].weight)
    features, order = torch.randn(1, 4, 21, config.graph_channels), [2, 0, 3, 1]
    present = torch.ones(1, 4, dtype=torch.bool)
    with torch.no_grad():
        close(net(features, present)[:, order], net(features[:, order], present))


@pytest.mark.parametrize("part", ["location", "global_features", "local_features"])
def test_each_kind_of_graph_features_sees_its_own(part: str) -> None:
    torch.manual_seed(3)
    kinds = ("location", "global_features", "local_features")
    config = tiny(heads=1, **{kind: kind == part for kind in kinds})
    net = GraphFeatures(config).eval()
    maps = tuple(
        torch.randn(2, channels, 8 >> k, 8 >> k) for k, channels in enumerate(config.level_channels)
    )
    joints, turns = torch.randn(2, 21, 3) / 10, torch.eye(3).expand(2, 16, 3, 3)
    image = torch.rand(2, 21, 2) - 0.5
    said = net(maps, joints, turns, image)
    assert said.shape == (2, 21, config.graph_channels)
    moved = {
        "location": net(maps, joints + 0.1, turns, image),
        "global_features": net((*maps[:3], maps[3] + 1), joints, turns, image),
        "local_features": net(maps, joints, turns, -image),
    }
    for kind, other in moved.items():
        assert bool((said - other).abs().amax() > 1e-4) == (kind == part)


def test_the_joint_sampler_reads_the_cell_under_the_joint() -> None:
    config = tiny(heads=1, location=False, global_features=False)
    net = GraphFeatures(config)
    torch.nn.init.zeros_(net.joint)
    maps = tuple(torch.zeros(1, c, 8 >> k, 8 >> k) for k, c in enumerate(config.level_channels))
    maps[0][0, :, 2, 5] = 7.0
    # Cell (row 2, column 5) of 8 has its middle at ((5 + .5) / 4 - 1, (2 + .5) / 4 - 1).
    image = torch.full((1, 21, 2), -0.9)
    image[0, 3] = torch.tensor([0.375, -0.375])
    said = net(maps, torch.zeros(1, 21, 3), torch.eye(3).expand(1, 16, 3, 3), image)
    first = config.level_channels[0]
    close(said[0, 3, :first], torch.full((first,), 7.0))
    assert not said[0, :3].any()
