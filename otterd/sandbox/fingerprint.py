"""The 64-bit FarmHash fingerprint, by which Dgraph orders languages and the values of lists.

The algorithm is Google's farmhashna (MIT licence), as its description gives it.
"""

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_MASK = (1 << 64) - 1


def fingerprint(data: bytes) -> int:
    """Return the fingerprint of `data`."""
    size = len(data)
    if size <= 16:
        return _upto_16(data)
    if size <= 32:
        return _upto_32(data)
    if size <= 64:
        return _upto_64(data)
    return _long(data)


def _at(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 8], "little")


def _rotated(value: int, by: int) -> int:
    value &= _MASK
    return (value >> by | value << (64 - by)) & _MASK if by else value


def _mixed(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _joined(low: int, high: int, mul: int) -> int:
    a = _mixed((low ^ high) * mul)
    b = _mixed(((high & _MASK) ^ a) * mul)
    return b * mul & _MASK


def _upto_16(data: bytes) -> int:
    size = len(data)
    mul = _K2 + size * 2
    if size >= 8:
        a, b = _at(data, 0) + _K2, _at(data, size - 8)
        return _joined((_rotated(b, 37) * mul + a) & _MASK, (_rotated(a, 25) + b) * mul & _MASK, mul)
    if size >= 4:
        a = int.from_bytes(data[:4], "little")
        return _joined(size + (a << 3), int.from_bytes(data[-4:], "little"), mul)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        return _mixed((y * _K2 ^ z * _K0) & _MASK) * _K2 & _MASK
    return _K2


def _upto_32(data: bytes) -> int:
    size = len(data)
    mul = _K2 + size * 2
    a, b = _at(data, 0) * _K1 & _MASK, _at(data, 8)
    c, d = _at(data, size - 8) * mul & _MASK, _at(data, size - 16) * _K2
    low = (_rotated(a + b, 43) + _rotated(c, 30) + d) & _MASK
    return _joined(low, (a + _rotated(b + _K2, 18) + c) & _MASK, mul)


def _upto_64(data: bytes) -> int:
    size = len(data)
    mul = _K2 + size * 2
    a, b = _at(data, 0) * _K2 & _MASK, _at(data, 8)
    c, d = _at(data, size - 8) * mul & _MASK, _at(data, size - 16) * _K2
    y = (_rotated(a + b, 43) + _rotated(c, 30) + d) & _MASK
    z = _joined(y, (a + _rotated(b + _K2, 18) + c) & _MASK, mul)
    e, f = _at(data, 16) * mul & _MASK, _at(data, 24)
    g = (y + _at(data, size - 32)) * mul & _MASK
    h = (z + _at(data, size - 24)) * mul & _MASK
    low = (_rotated(e + f, 43) + _rotated(g, 30) + h) & _MASK
    return _joined(low, (e + _rotated(f + a, 18) + g) & _MASK, mul)


def _weak(data: bytes, offset: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = (_at(data, offset + 8 * i) for i in range(4))
    a += w
    b = _rotated(b + a + z, 21)
    c = a
    a += x + y
    b += _rotated(a, 44)
    return (a + z) & _MASK, (b + c) & _MASK


def _long(data: bytes) -> int:
    size, seed = len(data), 81
    x, y = seed * _K2 + _at(data, 0), seed * _K1 + 113
    z = _mixed(y * _K2 + 113) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    end = (size - 1) // 64 * 64
    at = 0
    while True:
        last = at == end
        if last:
            at = size - 64
            mul = _K1 + ((z & 0xFF) << 1)
            w = ((w[0] + ((size - 1) & 63)) & _MASK, w[1])
            v = ((v[0] + w[0]) & _MASK, v[1])
            w = ((w[0] + v[0]) & _MASK, w[1])
        else:
            mul = _K1
        x = _rotated(x + y + v[0] + _at(data, at + 8), 37) * mul & _MASK
        y = _rotated(y + v[1] + _at(data, at + 48), 42) * mul & _MASK
        x ^= w[1] * 9 & _MASK if last else w[1]
        y = (y + v[0] * (9 if last else 1) + _at(data, at + 40)) & _MASK
        z = _rotated(z + w[0], 33) * mul & _MASK
        v = _weak(data, at, v[1] * mul, x + w[0])
        w = _weak(data, at + 32, z + w[1], y + _at(data, at + 16))
        z, x = x, z
        if last:
            low = _joined(v[0], w[0], mul) + _mixed(y) * _K0 + z
            return _joined(low & _MASK, (_joined(v[1], w[1], mul) + x) & _MASK, mul)
        at += 64
