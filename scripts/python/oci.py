#!/usr/bin/env python3
"""Writes an OCI image from directories, and reads one.

usage:
  oci.py write [options] LAYER…    a layer of each directory; prints what was made as JSON
      --dockerfile FILE            whose last stage says what the image is configured as
      --arg NAME=VALUE             for its ARGs
      --architecture ARCH          amd64, arm64
      --created SECONDS            since 1970, the time that the image says it was made at
      --name NAME:TAG              what `docker load` calls it
      --output DIR                 the layout; it must not exist
      --archive FILE               the same as one file, which `docker load` and `skopeo copy oci-archive:FILE` take
  oci.py unpack LAYOUT DIR         its files, each blob's digest checked
  oci.py config LAYOUT FIELD       a field of its configuration, such as User; a list one element a line
  oci.py layers LAYOUT             the bytes of each layer, compressed
  oci.py dockerfile FILE FIELD [--arg NAME=VALUE]
                                   the same of the image that `write` would make

exit codes: 0 done, 1 it could not be done, 2 usage
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import shlex
import string
import sys
import tarfile
import time

sys.dont_write_bytecode = True
import tree  # noqa: E402

RELAUNCH_USER = 65532
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class ImageError(Exception):
    """What is wrong with an image or a Dockerfile, for people."""


# MARK: the Dockerfile


def instructions(text):
    """The instructions of a Dockerfile: (line number, name, arguments)."""
    found, pending, began = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not pending):
            continue
        began = began if pending else number
        pending += line.rstrip().removesuffix("\\")
        if not line.rstrip().endswith("\\"):
            name, _, arguments = pending.strip().partition(" ")
            found.append((began, name.upper(), arguments.strip()))
            pending = ""
    return found


def configuration(text, arguments):
    """What the last stage of the Dockerfile `text` configures, with `arguments` for its ARGs, as an OCI configuration."""
    config, values = {}, {}
    for line, name, rest in instructions(text):
        if name == "FROM":
            config, values = {}, {}
        if name == "ARG":
            key, _, default = rest.partition("=")
            values[key] = arguments.get(key, default)
            continue
        try:
            apply_instruction(config, name, rest, values)
        except (ValueError, KeyError) as error:
            raise ImageError(f"Dockerfile:{line}: {name} {rest}: {error}") from error
    return config


def apply_instruction(config, name, rest, values):
    def pairs():
        words = [word.partition("=") for word in shlex.split(rest)]
        if not all(separator for _, separator, _ in words):
            raise ValueError("give KEY=VALUE")
        return [(key, string.Template(value).substitute(values)) for key, _, value in words]

    if name in ("ENTRYPOINT", "CMD"):
        config[name.capitalize()] = json.loads(rest)
    elif name == "USER":
        config["User"] = rest
    elif name == "WORKDIR":
        config["WorkingDir"] = rest
    elif name == "STOPSIGNAL":
        config["StopSignal"] = rest
    elif name == "EXPOSE":
        config["ExposedPorts"] = {port if "/" in port else port + "/tcp": {} for port in rest.split()}
    elif name == "LABEL":
        config.setdefault("Labels", {}).update(pairs())
    elif name == "ENV":
        config.setdefault("Env", []).extend(f"{key}={value}" for key, value in pairs())
    # What the other stages do, and COPY, are the business of scripts/image-files.
    elif name not in ("FROM", "COPY", "RUN"):
        raise ValueError("scripts/python/oci.py does not know this instruction")


# MARK: writing


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def encoded(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def descriptor(kind, content):
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}


def owner_of(path):
    """Whoever builds the image, the files are root's, and only the state directory is the server's."""
    return RELAUNCH_USER if path == "var/lib/relaunch" else 0


def layer(root):
    """The layer with the files below `root`, compressed, and the digest it has uncompressed."""
    plain = tree.tar_bytes(lambda archive: tree.add_tree(archive, root, owner_of))
    return tree.compressed(plain), digest(plain)


def image(layers, config, architecture, created, name):
    """The files of an OCI layout, path → content, which is what newer `docker save` writes, too; and the manifest's digest."""
    packed = [layer(root) for root in layers]
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created))
    configuration = encoded(
        {
            "architecture": architecture,
            "os": "linux",
            "created": moment,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in packed]},
            "history": [{"created": moment, "created_by": f"scripts/build-image: {os.path.basename(root)}"} for root in layers],
        }
    )
    manifest = encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, configuration),
            "layers": [descriptor(LAYER, content) for content, _ in packed],
        }
    )
    entry = descriptor(MANIFEST, manifest) | {
        "annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]},
        "platform": {"architecture": architecture, "os": "linux"},
    }
    blobs = [content for content, _ in packed] + [configuration, manifest]
    files = {f"blobs/sha256/{digest(content)[7:]}": content for content in blobs}
    files["oci-layout"] = encoded({"imageLayoutVersion": "1.0.0"})
    files["index.json"] = encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    # For `docker load` before Docker 25.
    files["manifest.json"] = encoded(
        [
            {
                "Config": f"blobs/sha256/{digest(configuration)[7:]}",
                "RepoTags": [name],
                "Layers": [f"blobs/sha256/{digest(content)[7:]}" for content, _ in packed],
            }
        ]
    )
    return files, digest(manifest)


def read_dockerfile(options):
    with open(options.dockerfile, encoding="utf-8") as file:
        return configuration(file.read(), dict(item.split("=", 1) for item in options.arg))


def write(options):
    config = read_dockerfile(options)
    files, manifest = image(options.layers, config, options.architecture, options.created, options.name)
    for path, content in files.items():
        full = os.path.join(options.output, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)
    archive = tree.tar_bytes(lambda tar: [tree.add_bytes(tar, path, files[path]) for path in sorted(files)])
    with open(options.archive, "wb") as file:
        file.write(archive)
    layout = Layout(options.output)
    print(
        json.dumps(
            {
                "digest": manifest,
                "layers": [{"digest": item["digest"], "bytes": item["size"]} for item in layout.manifest["layers"]],
                "archiveBytes": len(archive),
            },
            indent=2,
        )
    )


# MARK: reading


class Layout:
    """An OCI layout with one image in a directory."""

    def __init__(self, directory):
        self.directory = directory
        with open(os.path.join(directory, "index.json"), encoding="utf-8") as file:
            manifests = json.load(file)["manifests"]
        if len(manifests) != 1:
            raise ImageError(f"{directory}: {len(manifests)} images where one was expected")
        self.digest = manifests[0]["digest"]
        self.manifest = json.loads(self.blob(manifests[0]))
        self.config = json.loads(self.blob(self.manifest["config"]))

    def blob(self, item):
        path = os.path.join(self.directory, "blobs", *item["digest"].split(":"))
        with open(path, "rb") as file:
            content = file.read()
        if len(content) != item["size"] or digest(content) != item["digest"]:
            raise ImageError(f"{path}: its content is not what its name says; build the image again")
        return content

    def unpack(self, root):
        os.makedirs(root)
        for item, diff in zip(self.manifest["layers"], self.config["rootfs"]["diff_ids"], strict=True):
            content = self.blob(item)
            plain = gzip.decompress(content) if item["mediaType"].endswith("gzip") else content
            if digest(plain) != diff:
                raise ImageError(f"{item['digest']}: uncompressed it is not what the configuration says")
            with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
                # Links may be absolute here: they are followed in the image's root only.
                archive.extraction_filter = lambda member, _: member
                for member in archive:
                    if os.path.basename(member.name).startswith(".wh."):
                        raise ImageError(f"{member.name}: a layer that takes files away, which none of ours does")
                    if member.name.startswith("/") or ".." in member.name.split("/"):
                        raise ImageError(f"{member.name}: a path out of the image")
                archive.extractall(root, numeric_owner=True)


def print_field(value):
    lines = value if isinstance(value, list) else [value if isinstance(value, str) else json.dumps(value, sort_keys=True)]
    print(*lines, sep="\n")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage:\n")[2])
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, *positional):
        added = commands.add_parser(name)
        for argument in positional:
            added.add_argument(argument)
        return added

    writing = command("write")
    for option in ("dockerfile", "architecture", "name", "output", "archive"):
        writing.add_argument("--" + option, required=True)
    writing.add_argument("--created", type=int, required=True)
    writing.add_argument("layers", nargs="+")
    for taking in (writing, command("dockerfile", "dockerfile", "field")):
        taking.add_argument("--arg", action="append", default=[])
    command("unpack", "layout", "directory")
    command("config", "layout", "field")
    command("layers", "layout")
    options = parser.parse_args()
    try:
        if options.command == "write":
            write(options)
        elif options.command == "unpack":
            Layout(options.layout).unpack(options.directory)
        elif options.command == "config":
            print_field(Layout(options.layout).config["config"].get(options.field))
        elif options.command == "layers":
            print(*[item["size"] for item in Layout(options.layout).manifest["layers"]])
        else:
            print_field(read_dockerfile(options).get(options.field))
    except (ImageError, OSError, ValueError, KeyError) as error:
        sys.exit(f"oci.py: {error}")


if __name__ == "__main__":
    main()
