"""What scripts/build-image relies on: python3 -m unittest discover -s scripts/python"""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
import oci  # noqa: E402

DOCKERFILE = """
# a comment
ARG BASE=debian:12
FROM ${BASE} AS build
USER 0
LABEL stage="build"
RUN make && \\
    make install
FROM scratch
COPY --from=build /out/ /
ARG VERSION=unknown
LABEL title="two words" \\
      version="${VERSION}"
ENV PATH=/usr/bin
USER 65532:65532
EXPOSE 8080 53/udp
ENTRYPOINT ["/usr/bin/server"]
CMD ["serve", "--port", "8080"]
"""


class Dockerfiles(unittest.TestCase):
    def test_the_last_stage_is_read_and_no_other(self):
        self.assertEqual(
            oci.configuration(DOCKERFILE, {"VERSION": "1.2"}),
            {
                "Labels": {"title": "two words", "version": "1.2"},
                "Env": ["PATH=/usr/bin"],
                "User": "65532:65532",
                "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
                "Entrypoint": ["/usr/bin/server"],
                "Cmd": ["serve", "--port", "8080"],
            },
        )

    def test_an_arg_has_its_default(self):
        self.assertEqual(oci.configuration(DOCKERFILE, {})["Labels"]["version"], "unknown")

    def test_what_is_not_understood_is_refused_with_its_line(self):
        for line in ("HEALTHCHECK CMD true", 'ENTRYPOINT /bin/server"', "LABEL version=${NOBODY}", "LABEL old style"):
            with self.assertRaisesRegex(oci.ImageError, r"^Dockerfile:2: "):
                oci.configuration("FROM scratch\n" + line, {})


class Images(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, *names):
        return os.path.join(self.directory.name, *names)

    def make_root(self, name, order):
        """The same files each time, made in another order and at another time."""
        root = self.path(name)
        os.makedirs(os.path.join(root, "var/lib/relaunch"))
        for file in order:
            with open(os.path.join(root, file), "w", encoding="utf-8") as stream:
                stream.write(file * 1000)
            os.chmod(os.path.join(root, file), 0o755 if file == "b" else 0o644)
            os.utime(os.path.join(root, file), (len(name), len(name)))
        os.symlink("/b", os.path.join(root, "link"))
        os.link(os.path.join(root, "a"), os.path.join(root, "z"))
        os.chmod(os.path.join(root, "var"), 0o1777)
        return root

    def write(self, root, name):
        with open(self.path("Dockerfile"), "w", encoding="utf-8") as file:
            file.write(DOCKERFILE)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oci.py")
        command = [sys.executable, script, "write", "--dockerfile", self.path("Dockerfile"), "--architecture", "amd64"]
        command += ["--created", "86400", "--name", "server:1", "--output", self.path(name), "--archive", self.path(name + ".tar")]
        done = subprocess.run([*command, root], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def test_the_same_files_are_the_same_image(self):
        first = self.write(self.make_root("one/root", "abc"), "first")
        second = self.write(self.make_root("other/root", "cba"), "second")
        self.assertEqual(first, second)
        with open(self.path("first.tar"), "rb") as one, open(self.path("second.tar"), "rb") as other:
            self.assertEqual(one.read(), other.read())
        with open(self.path("one/root/a"), "w", encoding="utf-8") as file:
            file.write("changed")
        self.assertNotEqual(self.write(self.path("one/root"), "third")["digest"], first["digest"])

    def test_what_was_written_is_unpacked(self):
        root = self.make_root("root", "abc")
        self.write(root, "layout")
        oci.Layout(self.path("layout")).unpack(self.path("unpacked"))
        for name in ("a", "b", "c", "z", "link", "var", "var/lib/relaunch"):
            before, after = os.lstat(os.path.join(root, name)), os.lstat(self.path("unpacked", name))
            self.assertEqual((name, before.st_mode, before.st_size), (name, after.st_mode, after.st_size))
        self.assertEqual(os.readlink(self.path("unpacked/link")), "/b")
        self.assertTrue(os.path.samefile(self.path("unpacked/a"), self.path("unpacked/z")))

    def test_root_owns_all_but_the_state(self):
        content, _ = oci.layer(self.make_root("root", "abc"))
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as archive:
            owners = {member.name: (member.uid, member.gid) for member in archive}
        self.assertEqual(owners.pop("var/lib/relaunch"), (65532, 65532))
        self.assertEqual(set(owners.values()), {(0, 0)})
        self.assertEqual(set(owners), {"a", "b", "c", "link", "var", "var/lib", "z"})

    def test_a_damaged_blob_is_found(self):
        self.write(self.make_root("root", "abc"), "layout")
        blob = self.path("layout", "blobs/sha256", oci.Layout(self.path("layout")).manifest["layers"][0]["digest"][7:])
        with open(blob, "r+b") as file:
            file.seek(20)
            file.write(b"\0\0\0\0")
        with self.assertRaisesRegex(oci.ImageError, "its content is not what its name says"):
            oci.Layout(self.path("layout")).unpack(self.path("unpacked"))

    def test_docker_finds_its_own_list(self):
        written = self.write(self.make_root("root", "abc"), "layout")
        with tarfile.open(self.path("layout.tar")) as archive:
            (entry,) = json.load(archive.extractfile("manifest.json"))
            self.assertEqual(entry["RepoTags"], ["server:1"])
            config = json.load(archive.extractfile(entry["Config"]))
            for layer, diff, about in zip(entry["Layers"], config["rootfs"]["diff_ids"], written["layers"], strict=True):
                content = archive.extractfile(layer).read()
                self.assertEqual(oci.digest(content), about["digest"])
                self.assertEqual(oci.digest(gzip.decompress(content)), diff)


if __name__ == "__main__":
    unittest.main()
