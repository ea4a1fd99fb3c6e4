"""What an offline run of Weights & Biases has written, read back."""

import struct

BLOCK, HEADER = 32768, 7  # bytes of LevelDB's log, which wandb's files are


def records(path):
    """All records of a run's file."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, start, parts = path.read_bytes(), HEADER, b""
    assert content[:4] == b":W&B"
    while start + HEADER <= len(content):
        if BLOCK - start % BLOCK < HEADER:
            start += BLOCK - start % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", content, start)
        parts += content[start + HEADER : start + HEADER + length]
        start += HEADER + length
        if kind in (1, 4):  # whole, or its last part
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""
