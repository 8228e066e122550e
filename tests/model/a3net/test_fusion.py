"""Fusion of the views' anchors: the pooled graph, the MLP and the transformer (Table 3)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bridge.model.a3net.view_fusion import _EDGES, _GROUPS, GraphLayer, view_fusion
from bridge.protocol.joints import BONES, KEYPOINT_NAMES

C, WIDTH = 16, 8
KINDS = ["gcn", "mlp", "transformer"]
FINGER = [name.rstrip("1234") for name in KEYPOINT_NAMES]


def fusion(kind: str) -> nn.Module:
    torch.manual_seed(0)
    net = view_fusion(kind, C, WIDTH)
    for name, parameter in net.named_parameters():
        if name.endswith("first") or "edges" in name:
            nn.init.normal_(parameter)
    return net.eval()


def fused(net: nn.Module, anchors: Tensor, *absent: int) -> Tensor:
    present = torch.ones(anchors.shape[:2], dtype=torch.bool)
    present[:, list(absent)] = False
    return net(anchors, present)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("views", [1, 2, 5])
def test_any_number_of_views_fuses_to_the_same_shape(kind: str, views: int) -> None:
    anchors = torch.randn(2, views, 21, C)
    assert fused(fusion(kind), anchors).shape == anchors.shape


@pytest.mark.parametrize("kind", KINDS)
def test_absent_views_are_not_heard(kind: str) -> None:
    net, anchors = fusion(kind), torch.randn(2, 3, 21, C)
    alone = fused(net, anchors[:, [0, 2]])
    torch.testing.assert_close(fused(net, anchors, 1)[:, [0, 2]], alone)
    anchors[:, 1] = 1e3
    torch.testing.assert_close(fused(net, anchors, 1)[:, [0, 2]], alone)
    assert (fused(net, anchors)[:, [0, 2]] - alone).abs().max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_other_views_does_not_matter(kind: str) -> None:
    net, anchors = fusion(kind), torch.randn(2, 4, 21, C)
    order = [0, 3, 1, 2]
    torch.testing.assert_close(fused(net, anchors[:, order]), fused(net, anchors)[:, order])


def reached(net: nn.Module, joint: int) -> set[int]:
    """Joints of the first view that hear of one joint of the second."""
    anchors = torch.randn(1, 2, 21, C)
    moved = anchors.clone()
    moved[0, 1, joint] += 10
    step = (fused(net, moved) - fused(net, anchors))[0, 0].abs().amax(dim=-1)
    return set(torch.nonzero(step > 1e-5).flatten().tolist())


@pytest.mark.parametrize("kind", ["gcn", "transformer"])
def test_graph_and_attention_reach_the_whole_hand(kind: str) -> None:
    # ReLU may cut off a joint or two of a random network.
    assert len(reached(fusion(kind), 8)) > 15


def test_the_mlp_fuses_joint_by_joint() -> None:
    assert reached(fusion("mlp"), 8) == {8}


def test_the_graph_is_pooled_to_a_hand_and_back() -> None:
    net, nodes = fusion("gcn"), []
    for layer in (*net.down, *net.up):
        layer.register_forward_pre_hook(lambda _, inputs: nodes.append(inputs[0].shape[2]))
    fused(net, torch.randn(2, 3, 21, C))
    assert nodes == [21, 11, 6, 1, 6, 11, 21]


def test_pools_are_parts_of_the_hand() -> None:
    members = [{k} for k in range(21)]
    for groups in _GROUPS:
        # Every node belongs to one part.
        assert sorted({node for part in groups for node in part}) == list(range(len(members)))
        assert sum(len(set(part)) for part in groups) == len(members)
        members = [set().union(*(members[node] for node in part)) for part in groups]
        if len(members) > 1:
            assert all(len({FINGER[k] for k in part}) == 1 for part in members)
    assert members == [set(range(21))]


def test_edges_of_every_level_join_what_the_skeleton_joins() -> None:
    members = [{k} for k in range(21)]
    for edges, groups in zip(_EDGES[:2], _GROUPS[:2], strict=True):
        bones = {
            frozenset((a, b))
            for x, y in BONES
            for a, first in enumerate(members)
            for b, second in enumerate(members)
            if a != b and x in first and y in second
        }
        assert {frozenset(edge) for edge in edges} == bones
        members = [set().union(*(members[node] for node in part)) for part in groups]


def test_a_graph_layer_hears_neighbours_of_its_own_view_and_the_same_joint_of_others() -> None:
    torch.manual_seed(0)
    layer = GraphLayer(WIDTH, 21, BONES).eval()
    x = torch.randn(1, 2, 21, WIDTH, requires_grad=True)
    present = torch.ones(1, 2, dtype=torch.bool)
    (step,) = torch.autograd.grad(layer(x, present)[0, 0, 9].sum(), x)
    heard = {tuple(place) for place in torch.nonzero(step[0].abs().amax(dim=-1)).tolist()}
    # The middle finger's knuckle hangs on the wrist and on the next joint.
    assert heard == {(0, 9), (0, 0), (0, 10), (1, 9)}
