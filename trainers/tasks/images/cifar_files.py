"""The two layouts of CIFAR-10 and CIFAR-100: binary records, and python pickles of the same."""

import codecs
import io
import pickle
from typing import Any

import numpy as np

PIXELS = 3 * 32 * 32


def parse(content: bytes, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `[n, 3, 32, 32]` and classes int64 `[n]` of records of `labels` label bytes and 3,072 pixel bytes.

    Of CIFAR-100's two labels, coarse then fine, the fine one is the class.

    Raises:
        ValueError: the bytes are not a whole number of records.
    """
    if len(content) % (labels + PIXELS):
        raise ValueError(f"{len(content)} bytes are not a whole number of records of {labels + PIXELS}")
    records = np.frombuffer(content, np.uint8).reshape(-1, labels + PIXELS)
    return records[:, labels:].reshape(-1, 3, 32, 32), records[:, labels - 1].astype(np.int64)


def unpickle(raw: bytes, labels: tuple[str, ...]) -> bytes:
    """The binary records of a python batch, whose labels lie in its lists of these names.

    Raises:
        ValueError: it holds something else. pickle.UnpicklingError: it asks for more than arrays.
    """
    batch = _Arrays(io.BytesIO(raw), encoding="latin1").load()
    if isinstance(batch, dict):  # one that python 3 has loaded and saved again may have its names as bytes
        batch = {key.decode() if isinstance(key, bytes) else key: value for key, value in batch.items()}
    if not isinstance(batch, dict) or not {"data", *labels} <= batch.keys():
        raise ValueError(f"no batch with data and {', '.join(labels)}")
    pixels = np.asarray(batch["data"])
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}")
    columns = [np.asarray(batch[name]).astype(np.uint8, casting="unsafe").reshape(-1, 1) for name in labels]
    return np.hstack([*columns, pixels]).tobytes()


# numpy keeps these functions in modules whose names change with its version: `core`, `_core`.
_MAKERS: dict[str, Any] = {
    "_reconstruct": np.empty(0).__reduce__()[0],
    "_frombuffer": np.empty(0).__reduce_ex__(5)[0],
}


class _Arrays(pickle.Unpickler):
    """Loads arrays and nothing else: a pickle from the network may otherwise run any code."""

    def find_class(self, module: str, name: str) -> Any:
        known = {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype, ("_codecs", "encode"): codecs.encode}
        if (module, name) in known:
            return known[module, name]
        if name in _MAKERS and module.startswith(("numpy.core.", "numpy._core.")):
            return _MAKERS[name]
        raise pickle.UnpicklingError(f"asks for {module}.{name}")
