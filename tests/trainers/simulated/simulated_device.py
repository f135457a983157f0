"""A GPU that computes nothing: its tensors know their shapes, types and device, and every operation on them is seen.

For a process into which `idle_cuda.cpp` was loaded before torch (see `simulated_process`). What stays on the host is
computed as ever; what is copied from the device to the host comes as ones, so that whole trainings run.
"""

import math
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = torch.device("cuda:0")

NO_LAUNCH = {"empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided", "detach", "lift_fresh"}
NO_LAUNCH |= {"_unsafe_view", "prim::device"}
"""Operations that launch nothing, besides those whose result is a view of their argument."""

ONLY_WRITE = {"copy_", "fill_", "zero_"}
"""Operations that do not read the first of their arguments, which they write."""


UNREAD = {"max_pool2d_with_indices_backward": (1,)}
"""Arguments, by their place, that an operation takes for their shape alone."""


class Misuse(Exception):
    """Something that a recorded step must not do."""


class Watch(TorchDispatchMode):
    """Sees every operation.

    `recorded`: bytes moved by each kind of operation in the last recording; `used` and `peak`: bytes in use;
    `to_host`: bytes copied from the device. While
    `recording`, whatever a CUDA graph cannot hold is refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recorded: Counter[str] = Counter()
        self.used = self.peak = self.recordings = self.replays = self.to_host = 0
        self.recording = False
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._known: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        place = kwargs.get("device")
        on_device = any(isinstance(t, FakeTensor) for t in given) or (place is not None and _is_cuda(place))
        if not on_device:
            if self.recording and torch.Tag.nondeterministic_seeded in func.tags:
                raise Misuse(f"{_name(func)} draws random numbers on the host, within a recorded step")
            return func(*args, **kwargs)
        if self.recording:
            self._refuse(func, given, kwargs)
        if _name(func) == "_local_scalar_dense":
            return torch.ones((), dtype=given[0].dtype).item()
        if _name(func) == "_to_copy" and place is not None and not _is_cuda(place):
            self.to_host += size(given[0])
            return torch.ones(given[0].shape, dtype=kwargs.get("dtype") or given[0].dtype)
        if _name(func) == "copy_" and not isinstance(given[0], FakeTensor):
            self.to_host += size(given[1])
            return given[0].fill_(1)
        if _name(func) == "_to_copy" and not isinstance(given[0], FakeTensor):
            with self._fake:  # by nature a constant, which a simulation would want to keep on a true device
                result = torch.empty(given[0].shape, dtype=kwargs.get("dtype") or given[0].dtype, device=place)
        else:
            with self._fake:
                result = func(*args, **kwargs)
        made = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]
        for tensor in given + made:
            self._hold(tensor)
        if self.recording and _name(func) not in NO_LAUNCH and not func.is_view:
            self.recorded[_name(func)] += _moved(func, given, made)
        return result

    def _hold(self, tensor: Tensor) -> None:
        """Count a tensor's memory from the first time it is seen until it is freed."""
        if tensor.device.type != "cuda":
            return
        storage = tensor.untyped_storage()
        if storage in self._known:
            return
        self._known[storage] = storage.nbytes()
        self.used += storage.nbytes()
        self.peak = max(self.peak, self.used)
        weakref.finalize(storage, self._free, storage.nbytes())

    def _free(self, size: int) -> None:
        self.used -= size

    def _refuse(self, func: Any, given: list[Tensor], kwargs: Any) -> None:
        name = _name(func)
        if name in ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "_unique2"):
            raise Misuse(f"{name} waits for the device, within a recorded step")
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise Misuse(f"{name} draws random numbers, within a recorded step")
        places = {t.device.type for t in given} | (
            {torch.device(kwargs["device"]).type} if kwargs.get("device") else set()
        )
        if name in ("_to_copy", "copy_") and len(places) > 1:
            raise Misuse(f"{name} copies between host and device, within a recorded step")


def _name(func: Any) -> str:
    return str(func._schema.name).removeprefix("aten::")


def _is_cuda(place: Any) -> bool:
    return torch.device(place).type == "cuda"


def _moved(func: Any, given: list[Tensor], made: list[Tensor]) -> int:
    """Bytes of every tensor that is read, and of every one that is written."""
    read = {id(t): t for t in (given[1:] if _name(func) in ONLY_WRITE else given)}
    written = {id(t): t for t in made}
    for result in written:
        if any(a.is_out for a in func._schema.arguments) and sum(id(t) == result for t in given) == 1:
            read.pop(result, None)  # given only to be written
    for argument in UNREAD.get(_name(func), ()):
        read.pop(id(given[argument]), None)
    return sum(size(t) for t in read.values()) + sum(size(t) for t in written.values())


def size(tensor: Tensor) -> int:
    """Bytes of the distinct numbers of a tensor on the device: an expanded dimension is read once."""
    if tensor.device.type != "cuda":
        return 0
    lengths = [length for length, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride != 0]
    return math.prod(lengths) * tensor.element_size()


def _to(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
    """`Module.to`, which exchanges the insides of tensors, and cannot with those of a simulation."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            setattr(part, name, nn.Parameter(parameter.detach().to(*args, **kwargs), parameter.requires_grad))
        for name, buffer in list(part.named_buffers(recurse=False)):
            to = dict(kwargs) if buffer.is_floating_point() else {**kwargs, "dtype": None}
            setattr(part, name, buffer.to(*args, **to))
    return module


class Stream(SimpleNamespace):
    """A stream that everything has already happened on."""

    def wait_stream(self, other: Any) -> None: ...
    def synchronize(self) -> None: ...


class Event(SimpleNamespace):
    """An event that has already happened."""

    def record(self) -> None: ...
    def synchronize(self) -> None: ...


@contextmanager
def simulated(watch: Watch | None = None) -> Iterator[Watch]:
    """Within the body, `cuda:0` is the simulated device."""
    watch = watch or Watch()

    @contextmanager
    def recording(graph: Any, *args: Any, **kwargs: Any) -> Iterator[None]:
        watch.recording = True
        watch.recorded.clear()
        watch.recordings += 1
        try:
            yield
        finally:
            watch.recording = False

    def replay() -> None:
        watch.replays += 1

    states = {"generator": torch.zeros(16, dtype=torch.uint8)}
    device_functions: dict[str, Any] = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "is_bf16_supported": lambda including_emulation=True: True,
        "current_device": lambda: 0,
        "device_count": lambda: 1,
        "set_device": lambda device: None,
        "synchronize": lambda device=None: None,
        "Stream": lambda device=None: Stream(),
        "current_stream": lambda device=None: Stream(),
        "set_stream": lambda stream: None,
        "stream": lambda stream: nullcontext(),
        "CUDAGraph": lambda: SimpleNamespace(replay=replay),
        "Event": Event,
        "graph": recording,
        "empty_cache": lambda: None,
        "mem_get_info": lambda device=None: (80 * 2**30 - watch.used, 80 * 2**30),
        "reset_peak_memory_stats": lambda device=None: setattr(watch, "peak", watch.used),
        "max_memory_allocated": lambda device=None: watch.peak,
        "max_memory_reserved": lambda device=None: watch.peak,
        "memory_reserved": lambda device=None: watch.used,
        "get_rng_state": lambda device=None: states["generator"].clone(),
        "set_rng_state": lambda state, device=None: states.update(generator=state),
        "manual_seed_all": lambda seed: None,
        "manual_seed": lambda seed: None,
        "get_device_properties": lambda device=None: SimpleNamespace(name="simulated GPU", total_memory=80 * 2**30),
    }
    with ExitStack() as stack:
        for name, function in device_functions.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, function))
        stack.enter_context(mock.patch.object(nn.Module, "to", _to))
        stack.enter_context(mock.patch.object(torch, "Generator", _Generator))
        before = torch._C._only_lift_cpu_tensors()  # `torch.tensor(…, device=…)` then copies where we see it
        torch._C._set_only_lift_cpu_tensors(True)
        stack.callback(torch._C._set_only_lift_cpu_tensors, before)
        stack.enter_context(watch)
        yield watch


class _Generator(torch.Generator):
    """A generator on the simulated device is one on the host, whose numbers nobody sees."""

    def __new__(cls, device: Any = "cpu") -> Any:
        made = super().__new__(cls, device="cpu")
        made.place = torch.device(device)
        return made

    @property
    def device(self) -> Any:
        return self.place
