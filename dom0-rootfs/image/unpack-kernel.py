#!/usr/bin/env python3
"""Unpacks the ELF file inside a Linux bzImage (x86 boot protocol >= 2.08).

The hypervisor loads ELF, so dom0's kernel is unpacked when the image is made.
The payload's place is in the setup header: setup_sects at 0x1f1,
payload_offset and payload_length at 0x248 and 0x24c, counted from the end of
the setup sectors; behind the compressed stream stand four bytes of size.
Debian compresses with xz; gzip and zstd are understood as well.

usage: unpack-kernel.py BZIMAGE OUT
"""
import lzma
import struct
import subprocess
import sys
import zlib


def payload(image):
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("not a bzImage: no HdrS at 0x202")
    version, = struct.unpack_from("<H", image, 0x206)
    if version < 0x208:
        raise ValueError(f"boot protocol {version:#x} is older than 2.08")
    setup_sects = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sects + 1) * 512 + offset
    if start + length > len(image):
        raise ValueError("truncated: the payload ends behind the file's end")
    return image[start:start + length]


def unpack(data):
    stream = data[:-4]
    if stream.startswith(b"\xfd7zXZ\0"):
        return lzma.decompress(stream, lzma.FORMAT_XZ)
    if stream.startswith(b"\x1f\x8b"):
        return zlib.decompress(stream, wbits=31)
    if stream.startswith(b"\x28\xb5\x2f\xfd"):
        return subprocess.run(["zstd", "-dc"], input=stream, check=True,
                              stdout=subprocess.PIPE).stdout
    raise ValueError("the payload is neither xz, gzip nor zstd")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = sys.argv[1:]
    try:
        with open(source, "rb") as f:
            data = payload(f.read())
        elf = unpack(data)
        size, = struct.unpack("<I", data[-4:])
        if len(elf) != size or not elf.startswith(b"\x7fELF"):
            raise ValueError("the payload is not the ELF file it should be")
    except (ValueError, lzma.LZMAError, zlib.error, struct.error) as e:
        sys.exit(f"{source}: {e}")
    with open(target, "wb") as f:
        f.write(elf)


if __name__ == "__main__":
    main()
