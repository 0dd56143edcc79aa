"""What a pod of a shape holds."""

from planning_cases import GPU, amounts, paraset, shape

ELASTIC = shape(cpu=(1, 8), memory=(2, 16), gpus=1)


def test_a_shape_is_smallest_with_all_at_the_minimum() -> None:
    assert ELASTIC.smallest == amounts(cpu=1, memory=2, gpus=1, pods=1)


def test_what_is_not_named_is_at_its_minimum() -> None:
    assert ELASTIC.at({"cpu": 4000}) == amounts(cpu=4, memory=2, gpus=1, pods=1)


def test_other_containers_come_on_top() -> None:
    assert shape(cpu=1, overhead=amounts(cpu=0.5)).at({}) == amounts(cpu=1.5, pods=1)


def test_init_containers_count_where_they_ask_for_more() -> None:
    heavy = shape(cpu=(1, 8), overhead=amounts(cpu=0.5), initial=amounts(cpu=3))
    assert [heavy.at({"cpu": cpu})["cpu"] for cpu in (1000, 2500, 4000)] == [3000, 3000, 4500]


def test_the_container_alone_asks_for_what_is_fixed_and_elastic() -> None:
    beside = shape(cpu=(1, 8), gpus=2, overhead=amounts(cpu=1))
    assert beside.container_requests({"cpu": 2000}) == {GPU: 2, "cpu": 2000}


def test_a_shape_knows_whether_it_takes_devices() -> None:
    assert ELASTIC.has_devices
    assert not shape(cpu=1).has_devices


def test_a_set_finds_its_shapes_by_name() -> None:
    owner = paraset("s", shape("a"), shape("b"))
    found = owner.shape("b")
    assert found is owner.shapes[1]
    assert owner.shape("c") is None
