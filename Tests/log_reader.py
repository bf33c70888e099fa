#!/usr/bin/env python3
"""Reads a log by docs/LOG_FORMAT.md, and by nothing else: a second reader shows whether the document is exact.

usage: log_reader.py DIRECTORY

Prints one line of JSON for each record, as `relaunch log dump` does: segment, offset, sequence, type, schema, lag, length, and the ids of the
events that it speaks of. Exit codes: 0 the log is sound; 2 there is none; 3 it is damaged, and standard error says where; 4 a newer version wrote it.
"""
import json
import os
import re
import struct
import sys

BLOCK = 4096
NAMES = {1: "event", 2: "job", 3: "dead", 4: "snapshot", 5: "config", 6: "pad", 7: "seal", 8: "clean", 9: "admin", 10: "gap"}
ENDS = (7, 8)


def make_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


TABLE = make_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


class Damage(Exception):
    """What is wrong, and where."""


class Newer(Exception):
    """A newer version wrote this."""


def is_zero(data):
    return not any(data)


# CHECKPOINT


def read_slot(slot):
    """The slot as a dictionary, or None where it cannot be read."""
    if len(slot) != BLOCK or slot[:8] != b"\x89CHK\r\n\x1a\n" or not is_zero(slot[56:]):
        return None
    if struct.unpack_from("<I", slot, 52)[0] != crc32c(slot[:52]):
        return None
    (major,) = struct.unpack_from("<H", slot, 8)
    if major != 1:
        raise Newer(f"CHECKPOINT: format {major}")
    generation, oldest, durable = struct.unpack_from("<QQQ", slot, 28)
    return {"journal": slot[12:28], "generation": generation, "oldest": oldest, "durable": durable}


def read_checkpoint(path):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        data = file.read(2 * BLOCK)
    slots = [slot for slot in (read_slot(data[:BLOCK]), read_slot(data[BLOCK:])) if slot]
    return max(slots, key=lambda slot: slot["generation"], default=None)


# Segments


def read_segment_header(data, name):
    header = data[:BLOCK]
    if len(header) != BLOCK or header[:8] != b"\x89PSJ\r\n\x1a\n":
        raise Damage(f"{name}: the segment header is damaged at byte 0")
    if struct.unpack_from("<I", header, 68)[0] != crc32c(header[:68]):
        raise Damage(f"{name}: the segment header is damaged at byte 0")
    major, minor, length = struct.unpack_from("<HHI", header, 8)
    if major != 1:
        raise Newer(f"{name}: format {major}")
    if length != BLOCK or (minor == 0 and not is_zero(header[72:])):
        raise Damage(f"{name}: the segment header is damaged at byte 0")
    first, before, before_length, before_crc, _ = struct.unpack_from("<QQQIq", header, 32)
    return {"journal": header[16:32], "first": first, "before": (before, before_length, before_crc)}


def read_record_header(data, offset, journal):
    """The header at the offset as a dictionary, or None where there is none."""
    if offset + 32 > len(data) or data[offset : offset + 4] != b"KJR1":
        return None
    crc, length, kind, flags, schema, sequence, payload_crc, lag = struct.unpack_from("<IIBBHQII", data, offset + 4)
    if length > 16_777_216 or crc != crc32c(data[offset + 8 : offset + 32] + journal + struct.pack("<Q", offset)):
        return None
    return {
        "offset": offset,
        "length": length,
        "kind": kind,
        "flags": flags,
        "schema": schema,
        "sequence": sequence,
        "payload_crc": payload_crc,
        "lag": lag,
        "end": offset + (32 + length + 7) // 8 * 8,
    }


def read_record(data, offset, journal):
    """The whole record at the offset, or None."""
    record = read_record_header(data, offset, journal)
    if record is None or record["end"] > len(data):
        return None
    start = offset + 32
    payload = data[start : start + record["length"]]
    if crc32c(payload) != record["payload_crc"] or not is_zero(data[start + record["length"] : record["end"]]):
        return None
    record["payload"] = payload
    return record


def read_run(data, name, header):
    """The unbroken run of whole records from the first on."""
    records, offset, expected = [], BLOCK, header["first"]
    while not records or records[-1]["kind"] not in ENDS:
        record = read_record(data, offset, header["journal"])
        if record is None or record["sequence"] != expected:
            break
        if record["kind"] < 128 and (record["kind"] not in NAMES or record["flags"] != 0 or record["schema"] > 1):
            raise Newer(f"{name}: type {record['kind']} at byte {offset}")
        records.append(record)
        offset, expected = record["end"], expected + 1
    return records, offset


def check_last(data, name, header, records, end, checkpoint):
    """The table of the document."""
    last = records[-1]["sequence"] if records else header["first"] - 1
    is_ended = bool(records) and records[-1]["kind"] in ENDS
    durable = max([header["first"] - 1, checkpoint["durable"] if checkpoint else 0] + [r["sequence"] - r["lag"] for r in records])
    if not is_ended:
        for offset in range(end, len(data) - 31, 8):
            record = read_record_header(data, offset, header["journal"])
            if record and record["sequence"] > last:
                durable = max(durable, record["sequence"] - record["lag"])
    if last < durable:
        raise Damage(f"{name}: records {last + 1} to {durable} are lost at byte {end}")
    if not is_zero(data[end:]):
        if is_ended:
            raise Damage(f"{name}: bytes after the end at byte {end}")
        print(f"{name}: a torn tail at byte {end}", file=sys.stderr)


# Payloads


class Reader:
    def __init__(self, data):
        self.data, self.offset = data, 0

    def take(self, count):
        if self.offset + count > len(self.data):
            raise Damage("a payload is cut short")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def number(self, count):
        return int.from_bytes(self.take(count), "little")

    def time(self):
        return int.from_bytes(self.take(8), "little", signed=True)

    def counted(self):
        return self.take(self.number(4))

    def text(self):
        return self.counted().decode()

    def finish(self):
        if self.offset != len(self.data):
            raise Damage("something follows a payload")


def read_event(payload):
    reader = Reader(payload)
    if reader.number(1) != 1:
        raise Newer("event encoding")
    flags = reader.number(1)
    event = {"receivedAt": reader.time()}
    if flags & 2:
        event["publishTime"] = reader.time()
    if flags & 16:
        event["deliveryAttempt"] = reader.number(4)
    event["id"], event["source"] = reader.text(), reader.text()
    for bit, name in ((1, "messageId"), (4, "subscription"), (8, "orderingKey")):
        if flags & bit:
            event[name] = reader.text()
    event["attributes"] = [(reader.text(), reader.text()) for _ in range(reader.number(4))]
    event["data"] = reader.counted()
    reader.finish()
    return event


def read_snapshot(payload):
    """The ids of the events that it speaks of."""
    reader = Reader(payload)
    if reader.number(1) != 1:
        raise Newer("snapshot encoding")
    what = reader.number(1)
    if what == 1:
        ids = [read_event(reader.counted())["id"]]
        for _ in range(reader.number(4)):
            reader.number(1)
            state = json.loads(reader.counted())
            assert state["event"] == ids[0], "a state of another event"
    elif what == 2:
        ids = []
        for _ in range(reader.number(4)):
            reader.take(32)
            reader.time()
            ids.append(reader.text())
    else:
        raise Newer("snapshot of something else")
    reader.finish()
    return ids


def event_ids(record):
    kind, payload = record["kind"], record["payload"]
    if kind == 1:
        return [read_event(payload)["id"]]
    if kind == 4:
        return read_snapshot(payload)
    if kind in (2, 3, 5, 9):
        event = json.loads(payload).get("event")
        return [event] if event else []
    if kind in (6, 7, 8) and not is_zero(payload):
        raise Damage("fill is not zero")
    return []


def show(name, record):
    line = {
        "segment": name,
        "offset": record["offset"],
        "sequence": record["sequence"],
        "type": NAMES.get(record["kind"], record["kind"]),
        "schema": record["schema"],
        "lag": record["lag"],
        "length": record["length"],
        "events": event_ids(record),
    }
    print(json.dumps(line, separators=(",", ":")))


def read_log(directory):
    names = sorted(name for name in os.listdir(directory) if re.fullmatch(r"seg-[0-9a-f]{16}\.log", name))
    checkpoint = read_checkpoint(os.path.join(directory, "CHECKPOINT"))
    if checkpoint:
        oldest = f"seg-{checkpoint['oldest']:016x}.log"
        if oldest not in names:
            raise Damage(f"{oldest}: the segment is missing")
        names = names[names.index(oldest) :]
    before, journal = None, checkpoint and checkpoint["journal"]
    for name in names:
        with open(os.path.join(directory, name), "rb") as file:
            data = file.read()
        header = read_segment_header(data, name)
        if journal not in (None, header["journal"]) or name != f"seg-{header['first']:016x}.log":
            raise Damage(f"{name}: this is a segment of another log, or another segment")
        journal = header["journal"]
        if before is None:
            first = checkpoint["oldest"] if checkpoint else 1
            if header["first"] != first or header["before"][0] != first - 1:
                raise Damage(f"{name}: the segments before this one are missing")
        elif header["before"] != before or header["first"] != before[0] + 1:
            raise Damage(f"{name}: it does not follow the one before")
        records, end = read_run(data, name, header)
        for record in records:
            show(name, record)
        if name == names[-1]:
            check_last(data, name, header, records, end, checkpoint)
        elif not records or records[-1]["kind"] not in ENDS or end != len(data):
            raise Damage(f"{name}: a record is damaged at byte {end}")
        else:
            last = records[-1]
            before = (last["sequence"], end, crc32c(data[last["offset"] : last["end"]]))
    return bool(names) or checkpoint is not None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(0 if read_log(sys.argv[1]) else 2)
    except Damage as damage:
        print(damage, file=sys.stderr)
        sys.exit(3)
    except Newer as newer:
        print(newer, file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
