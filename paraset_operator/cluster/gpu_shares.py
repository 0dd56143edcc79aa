"""Which device a pod holds, where the cluster keeps that book: `alibabacloud.com/gpu-milli` and `gpu-index`.

A node offers 1000 `gpu-milli` for each of its GPUs. A pod asks for less than 1000, which is on one GPU, or for whole
GPUs; the annotation `gpu-index` names them, as 3 or 0-1-2. This is the form of the openb trace's cluster. A pod without
the annotation may be on any GPU. Other bookkeeping needs a module like this one; without one, devices are counted.
"""

from collections.abc import Mapping
from types import MappingProxyType

from paraset_operator.model.devices import DeviceShare, Free
from paraset_operator.model.resources import Resources

GPU_MILLI = "alibabacloud.com/gpu-milli"
GPU_INDEX = "alibabacloud.com/gpu-index"
WHOLE = 1000

_NO_DEVICES: MappingProxyType[str, Free] = MappingProxyType({})


def devices_of_node(allocatable: Resources) -> MappingProxyType[str, Free]:
    """Return the GPUs of a node that shares them out; none where they are counted."""
    count = allocatable.get(GPU_MILLI, 0) // WHOLE
    return MappingProxyType({GPU_MILLI: (WHOLE,) * count}) if count else _NO_DEVICES


def shares_of_pod(annotations: Mapping[str, str] | None, held: Resources) -> tuple[DeviceShare, ...]:
    """Return what a pod holds of which GPU; nothing where the annotation is missing or can't be true."""
    amount, text = held.get(GPU_MILLI, 0), (annotations or {}).get(GPU_INDEX, "")
    indices = text.split("-") if amount > 0 and text else []
    if not indices or not all(each.isdecimal() for each in indices) or amount > WHOLE * len(set(indices)):
        return ()
    part, rest = divmod(amount, len(indices))
    return () if rest else tuple(DeviceShare(GPU_MILLI, int(each), part) for each in indices)
