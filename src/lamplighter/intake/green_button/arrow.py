"""NumPy columns as Arrow arrays, by their buffers: exact, without a copy of the numbers.

``pyarrow.array`` would do the same but loads pandas where it is installed: 45 MB for nothing.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int16] | npt.NDArray[np.int32] | npt.NDArray[np.int64]


def numbers(column: Numbers, kind: pa.DataType, missing: Mask | None = None) -> pa.Array:
    """``column`` has the width of ``kind``; decimals have two 64-bit words a row."""
    plain = np.ascontiguousarray(column)
    return pa.Array.from_buffers(kind, len(plain), [_valid(missing), pa.py_buffer(plain)])


def words(texts: list[str | None]) -> pa.Array:
    """A short list of strings: the dictionary of a column."""
    data = [(text or "").encode("utf-8", "replace") for text in texts]
    ends = np.zeros(len(data) + 1, np.int32)
    ends[1:] = np.cumsum([len(one) for one in data])
    valid = _valid(np.array([text is None for text in texts], np.bool_))
    return pa.Array.from_buffers(
        pa.string(), len(data), [valid, pa.py_buffer(ends), pa.py_buffer(b"".join(data))]
    )


def decimals(whole: npt.NDArray[np.int64], kind: pa.DataType, missing: Mask | None = None) -> pa.Array:
    """Whole numbers in units of the last digit of ``kind`` (a decimal128)."""
    halves = np.empty((len(whole), 2), np.int64)
    halves[:, 0] = whole
    halves[:, 1] = whole >> 63
    return numbers(halves, kind, missing)


def _valid(missing: Mask | None) -> pa.Buffer | None:
    return None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
