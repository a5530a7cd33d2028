"""lockstep: what a training script can ask of the cluster that runs it.

    state = lockstep.resume() or {"epoch": 0, "weights": zeros}
    while state["epoch"] < 10 and not lockstep.should_stop():
        ...                                         # train
        state["epoch"] += 1
        lockstep.report({"loss": loss}, step=state["epoch"])
        lockstep.commit(state, step=state["epoch"])

A state is a dict of numbers, text, bytes, None, lists, tuples, dicts and numpy arrays. It is stored without
pickle, so reading one never runs code. numpy is needed only where there are arrays.

Lockstep puts this module on every program's PYTHONPATH. Without Lockstep it works too: commit() keeps the state
in the file that LOCKSTEP_COMMIT_FILE names (or not at all), resume() reads it, report() prints, should_stop()
tells whether SIGTERM has come.
"""
import json
import os
import signal
import socket
import struct
import sys
import threading

__all__ = ["commit", "last_step", "rank", "report", "resume", "should_stop", "world_size"]


def resume():
    """The state of the newest commit that every rank of an earlier attempt made, or None at a first start.

    last_step() is then that commit's step. Where the number of ranks has changed, rank r gets the state of rank
    r mod (ranks before): keep the same state on every rank of a job that may be resized.
    """
    global _last_step
    _take_sigterm()
    if _socket_path() is None:
        step, payload = _read_file()
    else:
        answer, payload = _call({"op": "resume"})
        step = answer.get("step")
    if step is None:
        return None
    _last_step = step
    return _decode(payload)


def commit(state, step=None):
    """Keeps `state`, all of it: after an interruption resume() gives it back.

    Returns when the state is whole in the node's shared memory; a copy to shared storage goes on beside the script.
    All ranks have to commit the same steps. `step` has to grow; without one it is the last step and one.
    A script that has got SIGTERM and never asks should_stop() ends here, with its state kept.
    """
    global _last_step
    if step is None:
        step = (_last_step or 0) + 1
    if isinstance(step, bool) or not hasattr(step, "__index__") or step < 0:
        raise TypeError("step is %r, but must be a whole number from 0" % (step,))
    step = step.__index__()
    parts = _encode(state)
    if _socket_path() is None:
        _write_file(step, parts)
    else:
        _call({"op": "commit", "step": step}, parts)
    _last_step = step
    if _sigterm and not _asks:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


def should_stop():
    """Whether the program is to save what it has and exit with status 0.

    Ranks may learn of it one step apart: those that work together have to agree, for example by asking on rank 0
    and broadcasting the answer.
    """
    global _asks
    _asks = True
    _take_sigterm()
    if _sigterm or _socket_path() is None:
        return _sigterm
    return _call({"op": "should_stop"})[0]["stop"]


def report(metrics, step=None):
    """Reports metrics, a dict of name to number, as the job's."""
    numbers = {str(name): float(value) for name, value in metrics.items()}
    if _socket_path() is None:
        words = " ".join("%s=%r" % pair for pair in numbers.items())
        print(words if step is None else "step=%d %s" % (step, words), flush=True)
        return
    message = {"op": "report", "metrics": {name: repr(value) for name, value in numbers.items()}}
    if step is not None:
        message["step"] = int(step)
    _call(message)


def last_step():
    """Step of the last commit, or of the state that resume() gave; None before both."""
    return _last_step


def rank():
    """This program's number among those of the job, from 0."""
    return int(os.environ.get("RANK") or os.environ.get("OMPI_COMM_WORLD_RANK") or 0)


def world_size():
    """Number of programs of the job."""
    return int(os.environ.get("WORLD_SIZE") or os.environ.get("OMPI_COMM_WORLD_SIZE") or 1)


# What follows is private.

_last_step = None
_sigterm = False
_asks = False
_lock = threading.RLock()
_connection = None
_connection_pid = None


def _take_sigterm():
    """Turns SIGTERM into a flag, unless the script has a handler of its own or this is not the main thread."""
    def arrived(number, frame):
        global _sigterm
        if _sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        _sigterm = True

    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, arrived)


# Messages: a line of JSON, then as many bytes as its "bytes" says.

def _socket_path():
    return os.environ.get("LOCKSTEP_SOCKET") or None


def _connect():
    global _connection, _connection_pid
    if _connection is not None and _connection_pid == os.getpid():
        return _connection
    path = _socket_path()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if len(os.fsencode(path)) < 108:
            connection.connect(path)
        else:
            # An address of a socket holds 107 bytes, so its folder is named by a descriptor.
            folder = os.open(os.path.dirname(path), os.O_RDONLY)
            try:
                connection.connect("/proc/self/fd/%d/%s" % (folder, os.path.basename(path)))
            finally:
                os.close(folder)
    except OSError as error:
        connection.close()
        raise RuntimeError("cannot reach Lockstep at %s: %s" % (path, error)) from None
    _connection, _connection_pid = connection, os.getpid()
    return connection


def _receive(connection, count):
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        received = connection.recv_into(view)
        if received == 0:
            raise RuntimeError("Lockstep has closed the connection")
        view = view[received:]
    return buffer


def _call(message, parts=()):
    global _connection
    with _lock:
        connection = _connect()
        message["bytes"] = sum(len(part) for part in parts)
        try:
            connection.sendall(json.dumps(message).encode() + b"\n")
            for part in parts:
                connection.sendall(part)
            length = struct.unpack("<I", _receive(connection, 4))[0]
            answer = json.loads(bytes(_receive(connection, length)))
            payload = _receive(connection, answer.get("bytes", 0))
        except BaseException:
            # What is left of this exchange must not be taken for the next one's.
            connection.close()
            _connection = None
            raise
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer, payload


# The stored form: length of the description (8 bytes), description in JSON, then the bytes of arrays, each at a
# multiple of 64. What JSON cannot say is an object whose one member begins with '$'.

_ALIGNMENT = 64


def _encode(state):
    if not isinstance(state, dict):
        raise TypeError("a state is a dict, not %s" % type(state).__name__)
    blobs = []
    description = json.dumps(_describe(state, "state", blobs), separators=(",", ":")).encode()
    parts = [struct.pack("<Q", len(description)), description]
    position = 8 + len(description)
    for blob in blobs:
        parts.append(bytes(-position % _ALIGNMENT))
        parts.append(blob)
        position += len(parts[-2]) + len(blob)
    return parts


def _describe(value, place, blobs):
    if value is None or isinstance(value, (bool, str)):
        return value
    if type(value) in (int, float):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        blobs.append(bytes(value))
        return {"$bytes": len(blobs[-1])}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("%s has the key %r, but keys must be text" % (place, key))
        members = {key: _describe(item, "%s[%r]" % (place, key), blobs) for key, item in value.items()}
        if any(key.startswith("$") for key in members):
            return {"$dict": [list(pair) for pair in members.items()]}
        return members
    if isinstance(value, (list, tuple)):
        items = [_describe(item, "%s[%d]" % (place, index), blobs) for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        array = numpy.asarray(value)
        if array.dtype.hasobject or array.dtype.names is not None:
            raise TypeError("%s is an array of %s, which cannot be stored without pickle" % (place, array.dtype))
        blobs.append(array.tobytes())
        kind = "$scalar" if isinstance(value, numpy.generic) else "$array"
        return {kind: [array.dtype.str, list(array.shape), len(blobs[-1])]}
    raise TypeError(
        "%s is a %s; a state holds numbers, text, bytes, None, lists, tuples, dicts and numpy arrays"
        % (place, type(value).__name__))


def _decode(payload):
    length = struct.unpack_from("<Q", payload)[0]
    description = json.loads(bytes(payload[8:8 + length]))
    position = 8 + length

    def blob(count):
        nonlocal position
        position += -position % _ALIGNMENT
        position += count
        if position > len(payload):
            raise ValueError("the stored state is cut short")
        return memoryview(payload)[position - count:position]

    def value(item):
        if isinstance(item, list):
            return [value(element) for element in item]
        if not isinstance(item, dict):
            return item
        if len(item) == 1:
            kind, content = next(iter(item.items()))
            if kind == "$bytes":
                return bytes(blob(content))
            if kind == "$tuple":
                return tuple(value(element) for element in content)
            if kind == "$dict":
                return {key: value(element) for key, element in content}
            if kind in ("$array", "$scalar"):
                import numpy
                data_type, shape, count = content
                array = numpy.frombuffer(blob(count), dtype=numpy.dtype(data_type)).reshape(shape).copy()
                return array if kind == "$array" else array[()]
        return {key: value(element) for key, element in item.items()}

    return value(description)


# Without Lockstep: step (8 bytes), then the state.

def _write_file(step, parts):
    path = os.environ.get("LOCKSTEP_COMMIT_FILE")
    if not path:
        return
    temporary = "%s.writing-%d" % (path, os.getpid())
    with open(temporary, "wb") as file:
        file.write(struct.pack("<q", step))
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _read_file():
    path = os.environ.get("LOCKSTEP_COMMIT_FILE")
    if not path or not os.path.exists(path):
        return None, None
    with open(path, "rb") as file:
        content = bytearray(file.read())
    return struct.unpack_from("<q", content)[0], content[8:]
